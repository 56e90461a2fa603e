"""The scroll to the result, and the sidebar, on a narrow screen."""

from __future__ import annotations

from pages.widgets import assets


def listen() -> None:
    """Scrolls to the result after Start and when a job ends, and closes the sidebar after a click on a link.

    Call it once for each page.
    """
    assets.run_script(__file__, "narrow_screen.js")
