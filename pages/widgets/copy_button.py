"""A button that copies an image to the clipboard, which only the browser can do."""

from __future__ import annotations

from pages.widgets import assets, media_files

_mount = assets.register_component("studio_copy_button", __file__)


def show_copy_button(data: bytes, *, key: str) -> None:
    """Draws the button.

    Args:
        data: a PNG, the only format that all browsers accept on the clipboard.
        key: of the component.
    """
    _mount(data={"url": media_files.serve_png(data, key)}, key=key)
