"""Walks through the blocks of a GIF (GIF89a, 15 to 26)."""

from __future__ import annotations

from collections.abc import Iterator

IMAGE, EXTENSION, END = 0x2C, 0x21, 0x3B  # first byte of a block
_HEADER_BYTES, _IMAGE_BYTES, _EXTENSION_BYTES = 13, 11, 2


def list_offsets(data: bytes) -> Iterator[int]:
    """Yields the offset of each image and extension, up to the end or to bytes that are no block.

    Raises:
        ValueError: if the file ends within a block. A file that lacks only its last byte is accepted.
    """
    try:
        offset = _HEADER_BYTES + _compute_table_size(data[10])
        while offset < len(data) and data[offset] in (IMAGE, EXTENSION):
            yield offset
            if data[offset] == IMAGE:
                offset += _IMAGE_BYTES + _compute_table_size(data[offset + 9])
            else:
                offset += _EXTENSION_BYTES
            while data[offset]:  # sub-blocks, each with its size
                offset += data[offset] + 1
            offset += 1
    except IndexError:
        raise ValueError("a cut GIF") from None


def check_whole(data: bytes) -> None:
    """Raises `ValueError` if a GIF ends within a block."""
    for _ in list_offsets(data):
        pass


def _compute_table_size(flags: int) -> int:
    """Returns the size in bytes of the color table that flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0
