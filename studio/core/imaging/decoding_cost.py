"""Images whose decoding takes far more time or memory than their sides tell."""

from __future__ import annotations

import re

from PIL import Image, TiffImagePlugin

MOST_SCANS = 500  # of a JPEG; each may go over all pixels once more, for a few bytes
SMALL_TILE = 1 << 22  # pixels of a TIFF's tile, whatever the sides of the image
_TILE_WIDTH, _TILE_HEIGHT = 322, 323  # tags of a TIFF
# A marker with a length behind it: no filling, no restart.
_MARKER = re.compile(rb"\xff+([^\x00\x01\xff\xd0-\xd8])", re.DOTALL)
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9


def is_costly(image: Image.Image, data: bytes) -> bool:
    """Whether an image must not be decoded.

    Args:
        image: as it was opened, not yet decoded.
        data: its file.
    """
    if image.format in ("JPEG", "MPO"):
        return _has_many_scans(data)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        tile = image.tag_v2.get(_TILE_WIDTH, 0) * image.tag_v2.get(_TILE_HEIGHT, 0)
        return bool(tile > max(SMALL_TILE, image.width * image.height))
    return False


def is_told_by_sides(data: bytes) -> bool:
    """Whether the sides in the header of an image's file tell what decoding it takes.

    Decoders of TIFF, AVIF and HEIC allocate what the data says further in, however small those sides are.
    """
    return data[:2] not in (b"II", b"MM") and data[4:8] != b"ftyp"


def _has_many_scans(data: bytes) -> bool:
    """Whether a JPEG has too many scans; what follows its end, as a phone's video does, is none."""
    count, at = 0, 2
    while found := _MARKER.search(data, at):
        kind = found[1][0]
        if kind == _END_OF_IMAGE:
            return False
        count += kind == _START_OF_SCAN
        if count > MOST_SCANS:
            return True
        at = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
    return False
