"""Tiles of an image too large for the memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """One side of a tile, in px: the part it answers for, and the longer part that it has to see."""

    start: int
    length: int
    seen_start: int
    seen_length: int

    @property
    def seen(self) -> slice:
        """What it has to see, within the image."""
        return slice(self.seen_start, self.seen_start + self.seen_length)

    def own(self, stride: int) -> slice:
        """The part it answers for, within the image, in a layer of that stride."""
        return slice(self.start // stride, (self.start + self.length) // stride)

    @property
    def offset(self) -> int:
        """Where the part that it answers for begins within what it sees."""
        return self.start - self.seen_start


@dataclass(frozen=True)
class Tile:
    """A part of an image. The parts that tiles answer for cover the image without overlap."""

    rows: Span
    columns: Span


def tiles(height: int, width: int, side: int, halo: int, alike: bool = False) -> list[Tile]:
    """Cuts an image into tiles, row by row.

    Args:
        height, width: of the image, in px.
        side: the most that a tile answers for, a multiple of the network's deepest stride.
        halo: what it sees beyond on every side, likewise; at least the network's reach, so that its
            activations are those of the whole image and no seam can appear.
        alike: whether all see equally large parts, for networks of a fixed size; those at a border see more.
    """
    rows, columns = _spans(height, side, halo, alike), _spans(width, side, halo, alike)
    return [Tile(row, column) for row in rows for column in columns]


def _spans(length: int, side: int, halo: int, alike: bool) -> list[Span]:
    spans = []
    for start in range(0, length, side):
        end = min(start + side, length)
        seen_start, seen_end = max(0, start - halo), min(length, end + halo)
        if alike:
            seen_end = min(length, seen_start + side + 2 * halo)
            seen_start = max(0, seen_end - side - 2 * halo)
        spans.append(Span(start, end - start, seen_start, seen_end - seen_start))
    return spans
