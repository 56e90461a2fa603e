"""Images that are dropped or pasted anywhere on a page."""

from __future__ import annotations

from pages.widgets import assets


def listen() -> None:
    """Hands dropped and pasted images to the page's first upload widget. Call it once for each page."""
    assets.run_script(__file__, "image_drop.js", text="Drop the image to use it on this page")
