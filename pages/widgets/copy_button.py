"""Buttons that copy an image or a text to the clipboard, which only the browser can do."""

from __future__ import annotations

from pages.widgets import assets, media_files

_mount = assets.register_component("studio_copy_button", __file__)


def show_copy_image_button(data: bytes, *, key: str) -> None:
    """Draws a button that copies an image.

    Args:
        data: a PNG, the only format that all browsers accept on the clipboard.
        key: of the component.
    """
    _mount(data={"url": media_files.serve(data, "image/png", key)}, key=key)


def show_copy_text_button(text: str, *, key: str) -> None:
    """Draws a button that copies a text.

    Args:
        text: to copy.
        key: of the component.
    """
    _mount(data={"text": text}, key=key)
