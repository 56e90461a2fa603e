"""Walks through the chunks of a WebP (RFC 9649)."""

from __future__ import annotations

from collections.abc import Iterator

_HEADER_BYTES, _CHUNK_HEADER_BYTES = 12, 8
_DURATION = slice(12, 15)  # of the content of a frame's chunk


def find_durations(data: bytes) -> Iterator[slice]:
    """Yields where the duration of each frame is: three bytes, little-endian, in ms."""
    start = _HEADER_BYTES
    while start + _CHUNK_HEADER_BYTES <= len(data):
        size, content = int.from_bytes(data[start + 4 : start + 8], "little"), start + _CHUNK_HEADER_BYTES
        if data[start : start + 4] == b"ANMF":
            yield slice(content + _DURATION.start, content + _DURATION.stop)
        start = content + size + size % 2
