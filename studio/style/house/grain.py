"""The faint grain that lies over every photo before it is painted.

A network that sees the same at every place paints the same at every place: a flat sky would stay flat,
without a stone or a stroke. Grain that nobody sees gives it something to begin each of them with.
"""

from __future__ import annotations

from functools import cache

import numpy as np

DEPTH = 2.0  # levels of 255, standard deviation
_SIDE = 256  # px; it repeats beyond, which no painting shows


def grain(height: int, width: int, down: int = 0, right: int = 0) -> np.ndarray:
    """The grain of a picture, always the same for the same size: frames of a film must not flicker by it.

    Args:
        height, width: in px.
        down, right: by how many px it is moved; in training each photo has it elsewhere.

    Returns:
        `(height, width, 3) float32`, normal numbers of mean 0 and standard deviation DEPTH / 255.
    """
    rows, columns = (np.arange(height) + down) % _SIDE, (np.arange(width) + right) % _SIDE
    return _tile()[rows[:, None], columns]


def grained(photos: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Photos with grain, `(n, H, W, 3) uint8` as they were, each with another piece of it."""
    moves = rng.integers(0, _SIDE, (len(photos), 2))
    more = np.stack([grain(*photos.shape[1:3], *move) for move in moves])
    return np.rint(photos + 255 * more).clip(0, 255).astype("uint8")


@cache
def _tile() -> np.ndarray:
    return np.random.default_rng(0).normal(0, DEPTH / 255, (_SIDE, _SIDE, 3)).astype("float32")
