"""Detects images whose decoding needs far more time or memory than their size suggests."""

from __future__ import annotations

import re

from PIL import Image, TiffImagePlugin

MAX_SCANS = 500  # scans of a JPEG; a scan of a few bytes may process all pixels again
SMALL_TILE = 1 << 22  # pixels; a smaller tile of a TIFF is always accepted
_TILE_WIDTH, _TILE_HEIGHT = 322, 323  # tags of a TIFF
# A marker followed by a length, so no fill bytes or restart markers.
_MARKER = re.compile(rb"\xff+([^\x00\x01\xff\xd0-\xd8])", re.DOTALL)
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9


def is_costly(image: Image.Image, data: bytes) -> bool:
    """Returns whether an image must not be decoded.

    Args:
        image: opened image, not decoded yet.
        data: bytes of its file.
    """
    if image.format in ("JPEG", "MPO"):
        return _has_many_scans(data)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        tile = image.tag_v2.get(_TILE_WIDTH, 0) * image.tag_v2.get(_TILE_HEIGHT, 0)
        return bool(tile > max(SMALL_TILE, image.width * image.height))
    return False


def has_predictable_cost(data: bytes) -> bool:
    """Returns whether the size in the header of an image file limits the memory of its decoding.

    It does not for TIFF, AVIF and HEIC, whose decoders allocate memory by values inside the data.
    """
    return data[:2] not in (b"II", b"MM") and data[4:8] != b"ftyp"


def _has_many_scans(data: bytes) -> bool:
    """Returns whether a JPEG has too many scans. Ignores data after its end, such as the video of a phone."""
    count, offset = 0, 2
    while match := _MARKER.search(data, offset):
        kind = match[1][0]
        if kind == _END_OF_IMAGE:
            return False
        count += kind == _START_OF_SCAN
        if count > MAX_SCANS:
            return True
        offset = match.end() + int.from_bytes(data[match.end() : match.end() + 2], "big")
    return False
