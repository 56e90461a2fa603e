"""Tiles of images that are too large for the memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TileSpan:
    """One dimension of a tile, in px.

    Attributes:
        start, length: the tile without halo.
        window_start, window_length: the tile with halo, cut off at the border of the image.
    """

    start: int
    length: int
    window_start: int
    window_length: int

    @property
    def window(self) -> slice:
        """Slice of the image with halo."""
        return slice(self.window_start, self.window_start + self.window_length)

    def own_slice(self, stride: int = 1) -> slice:
        """Returns the slice without halo, in a layer of a stride in px."""
        return slice(self.start // stride, (self.start + self.length) // stride)

    @property
    def offset(self) -> int:
        """Start of the tile within its window."""
        return self.start - self.window_start

    def inner_slice(self, stride: int = 1) -> slice:
        """Returns the slice of a layer of the window, without halo."""
        own, offset = self.own_slice(stride), self.window_start // stride
        return slice(own.start - offset, own.stop - offset)


@dataclass(frozen=True)
class Tile:
    """A part of an image. Without halos, tiles cover the image without overlap."""

    rows: TileSpan
    columns: TileSpan


def cut_tiles(height: int, width: int, side: int, halo: int, equal_size: bool = False) -> list[Tile]:
    """Cuts an image into tiles, row by row.

    Args:
        height, width: size of the image in px.
        side: largest side of a tile without halo in px, a multiple of the network's largest stride.
        halo: margin on each side in px, a multiple of that stride. At least the radius of the receptive
            field, so that activations equal those of the whole image and there are no seams.
        equal_size: whether all windows have equal size, for networks of a fixed input size; those at a border
            then reach further inside.
    """
    rows, columns = _cut_spans(height, side, halo, equal_size), _cut_spans(width, side, halo, equal_size)
    return [Tile(row, column) for row in rows for column in columns]


def _cut_spans(length: int, side: int, halo: int, equal_size: bool) -> list[TileSpan]:
    spans = []
    for start in range(0, length, side):
        end = min(start + side, length)
        window_start, window_end = max(0, start - halo), min(length, end + halo)
        if equal_size:
            window_end = min(length, window_start + side + 2 * halo)
            window_start = max(0, window_end - side - 2 * halo)
        spans.append(TileSpan(start, end - start, window_start, window_end - window_start))
    return spans
