"""Errors for files that cannot be read as an image."""

from __future__ import annotations

from studio.core.errors import InvalidInput, invalid
from studio.core.imaging import formats


def unreadable_image_error(data: bytes, name: str) -> InvalidInput:
    """Returns the error for a file that is damaged or not a supported image."""
    kind, step = formats.detect_kind(data), ""
    received = kind or "not an image of a known kind, or a damaged one"
    if kind == "HEIC" and formats.HEIC:
        received = "a damaged or cut HEIC"
    elif kind == "TIFF":
        received = "a damaged TIFF, or one of an unusual kind, such as float colors or 16-bit Lab"
    elif kind in formats.FORMATS:
        received = f"a damaged or cut {kind}"
    elif kind == "HEIC":
        step = "save it as JPEG, or pip install pillow-heif, which reads it"
    return invalid(name, expected=f"a {formats.READABLE} file", received=received, next_step=step)


def camera_raw_error(name: str) -> InvalidInput:
    """Returns the error for a camera raw file, of which Pillow reads only a small preview."""
    step = "export it as JPEG or TIFF, because only its small preview can be read"
    return invalid(name, expected=f"a {formats.READABLE} file", received="a camera raw file", next_step=step)


def damaged_image_error(error: Exception, name: str) -> InvalidInput:
    """Returns the error for an image of a supported format that Pillow failed to decode with `error`."""
    text = str(error).lower()
    received = "a cut one" if "truncat" in text else "a damaged one"
    if "max_text_chunk" in text:  # Pillow's limit for compressed text
        received = "one whose color profile or text has more than 1 MB"
    return invalid(name, expected="a whole image", received=received, next_step="save it again")
