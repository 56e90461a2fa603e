"""Random views of an image: shifted, turned and scaled cuts, and the way back for gradients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class View(NamedTuple):
    """What of an image is seen.

    Attributes:
        top, left: the middle of the cut, in px.
        turn: in radians.
        scale: how many px of the image one px of the cut spans.
    """

    top: float
    left: float
    turn: float
    scale: float


def any_view(size: int, rng: np.random.Generator, turn: float = 0.15, scale: float = 0.1) -> View:
    """A random view of a square of `size` px; `turn` in radians and `scale` are the largest changes."""
    top, left = rng.uniform(0, size, 2)
    return View(top, left, rng.uniform(-turn, turn), 1 + rng.uniform(-scale, scale))


class Lens:
    """One view as a linear map, so that its way back is exact.

    An image continues beyond its edges where it begins at the other side: no part is nearer to an edge.

    Args:
        size: of the image's sides, in px.
        side: of the cut's sides, in px.
    """

    def __init__(self, view: View, size: int, side: int):
        from scipy.sparse import csr_array

        steps = (np.arange(side) - (side - 1) / 2) * view.scale
        down, right = np.meshgrid(steps, steps, indexing="ij")
        rows = view.top + np.cos(view.turn) * down - np.sin(view.turn) * right
        columns = view.left + np.sin(view.turn) * down + np.cos(view.turn) * right
        above, before = np.floor(rows), np.floor(columns)
        corners, shares = [], []
        for lower in (0, 1):
            for later in (0, 1):
                corners.append((above + lower) % size * size + (before + later) % size)
                shares.append((1 - abs(rows - above - lower)) * (1 - abs(columns - before - later)))
        where = np.stack(corners, -1).astype("int32").ravel()
        weights = np.stack(shares, -1).astype("float32").ravel()
        ends = np.arange(0, 4 * side * side + 1, 4, dtype="int32")
        self._map = csr_array((weights, where, ends), shape=(side * side, size * size))
        self._size, self._side = size, side

    def through(self, images_01: np.ndarray) -> np.ndarray:
        """`(1, size, size, 3)` -> `(1, side, side, 3)`, linear between pixels."""
        return (self._map @ images_01.reshape(-1, 3)).reshape(1, self._side, self._side, 3)

    def back(self, gradient: np.ndarray) -> np.ndarray:
        """A gradient by the cut `(1, side, side, 3)` -> by the image `(1, size, size, 3)`."""
        return (self._map.T @ gradient.reshape(-1, 3)).reshape(1, self._size, self._size, 3)
