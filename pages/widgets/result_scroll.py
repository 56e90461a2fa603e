"""The scroll to the result on a phone."""

from __future__ import annotations

from pages.widgets import assets


def listen() -> None:
    """Scrolls to the result after Start and when a job ends. Call it once for each page."""
    assets.run_script(__file__, "result_scroll.js")
