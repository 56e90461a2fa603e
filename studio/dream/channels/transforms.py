"""Random views of an image: shifted, rotated and scaled crops, and their gradients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

MAX_TURN = 0.15  # in radians
MAX_SCALE = 0.1  # largest difference from the scale 1


class View(NamedTuple):
    """A view of an image.

    Attributes:
        top, left: center of the crop, in px.
        turn: in radians.
        scale: px of the image per px of the crop.
    """

    top: float
    left: float
    turn: float
    scale: float


def draw_view(size: int, rng: np.random.Generator) -> View:
    """Returns a random view of a square of `size` px."""
    top, left = rng.uniform(0, size, 2)
    return View(top, left, rng.uniform(-MAX_TURN, MAX_TURN), 1 + rng.uniform(-MAX_SCALE, MAX_SCALE))


class Lens:
    """A view as a linear map, which has an exact transpose for gradients.

    The image wraps around at its edges, so that all positions are alike.

    Args:
        size: side of the image in px.
        side: side of the crop in px.
    """

    def __init__(self, view: View, size: int, side: int):
        from scipy.sparse import csr_array

        steps = (np.arange(side) - (side - 1) / 2) * view.scale
        down, right = np.meshgrid(steps, steps, indexing="ij")
        rows = view.top + np.cos(view.turn) * down - np.sin(view.turn) * right
        columns = view.left + np.sin(view.turn) * down + np.cos(view.turn) * right
        above, before = np.floor(rows), np.floor(columns)
        corners, corner_weights = [], []
        for lower in (0, 1):
            for later in (0, 1):
                corners.append((above + lower) % size * size + (before + later) % size)
                corner_weights.append((1 - abs(rows - above - lower)) * (1 - abs(columns - before - later)))
        indices = np.stack(corners, -1).astype("int32").ravel()
        weights = np.stack(corner_weights, -1).astype("float32").ravel()
        ends = np.arange(0, 4 * side * side + 1, 4, dtype="int32")
        self._map = csr_array((weights, indices, ends), shape=(side * side, size * size))
        self._size, self._side = size, side

    def crop(self, images_01: np.ndarray) -> np.ndarray:
        """Crops `(1, size, size, 3)` to `(1, side, side, 3)`, bilinearly."""
        return (self._map @ images_01.reshape(-1, 3)).reshape(1, self._side, self._side, 3)

    def map_gradient(self, gradient: np.ndarray) -> np.ndarray:
        """Maps a gradient of the crop, `(1, side, side, 3)`, to the image, `(1, size, size, 3)`."""
        return (self._map.T @ gradient.reshape(-1, 3)).reshape(1, self._size, self._size, 3)
