"""EXIF data of photos that a result may keep: camera, date, place, artist and copyright."""

from __future__ import annotations

import io
import warnings
from contextlib import suppress

from PIL import ExifTags, Image

from studio.core.imaging import formats

# Tags of the first directory. Others describe the pixels of the photo, which the result does not have: its
# orientation, size, compression and thumbnail.
_TAGS = ("ImageDescription", "Make", "Model", "Software", "DateTime", "Artist", "Copyright")
# Of the EXIF directory. The notes of makers have offsets that copying would break.
_DROPPED = ("MakerNote", "ExifImageWidth", "ExifImageHeight", "ColorSpace", "ExifInteroperabilityOffset")
_DROPPED_TAGS = {ExifTags.Base[name].value for name in _DROPPED}
_SRGB = 1  # value of the color space
_MAX_BYTES = 60_000  # a JPEG cannot store more than 64 kB


def read(data: bytes) -> bytes:
    """Returns the EXIF data of an image as a file may store it; b"" without, or if it is damaged.

    Leaves out the orientation and the thumbnail, and gives sRGB as the color space.
    """
    with warnings.catch_warnings(), suppress(Exception):  # Pillow raises almost any exception for damage
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data), formats=formats.register_readers(data)) as image:
            source = image.getexif()
            copy = Image.Exif()
            for name in _TAGS:
                if (tag := ExifTags.Base[name].value) in source:
                    copy[tag] = source[tag]
            details = {
                tag: value
                for tag, value in source.get_ifd(ExifTags.IFD.Exif).items()
                if tag not in _DROPPED_TAGS
            }
            if details:
                copy.get_ifd(ExifTags.IFD.Exif).update(details | {ExifTags.Base.ColorSpace.value: _SRGB})
            if place := source.get_ifd(ExifTags.IFD.GPSInfo):
                copy.get_ifd(ExifTags.IFD.GPSInfo).update(place)
            encoded = copy.tobytes() if len(copy) or details or place else b""
            return encoded if len(encoded) <= _MAX_BYTES else b""
    return b""


def read_texts(exif: bytes) -> dict[int, str]:
    """Returns the texts of the first directory of EXIF data by tag, such as the camera; ASCII only."""
    tags = Image.Exif()
    if exif:
        tags.load(exif)
    texts = {tag: str(tags[tag]) for name in _TAGS if (tag := ExifTags.Base[name].value) in tags}
    return {tag: text for tag, text in texts.items() if text.isascii()}
