"""The faint grain that lies over what is flat in a photo before it is painted.

A network that sees the same at every place paints the same at every place: a flat sky would stay flat,
without a stone or a stroke. Grain that nobody sees gives it something to begin each of them with.
"""

from __future__ import annotations

from functools import cache

import numpy as np

DEPTH = 2.0  # levels of 255, standard deviation
_SIDE = 256  # px; it repeats beyond, which no painting shows
_OWN = 1.0 / 255  # a photo's own noise, standard deviation, from which on it needs none
_AROUND = 9  # px, where that is looked for


def grain(height: int, width: int, down: int = 0, right: int = 0) -> np.ndarray:
    """The grain of an image, always the same for the same size: frames of a video must not flicker by it.

    Args:
        height, width: in px.
        down, right: by how many px it is moved; in training each photo has it elsewhere.

    Returns:
        `(height, width, 3) float32`, normal numbers of mean 0 and standard deviation DEPTH / 255.
    """
    rows, columns = (np.arange(height) + down) % _SIDE, (np.arange(width) + right) % _SIDE
    return _tile()[rows[:, None], columns]


def laid_over(photo_01: np.ndarray) -> np.ndarray:
    """A photo, `(1, H, W, 3) float32 in [0, 1]`, with grain where it has none of its own.

    Its own moves with it, so that a painting of what moves is steady; this one stays where it is.
    """
    from scipy.ndimage import uniform_filter

    gray = photo_01.mean(axis=-1)
    mean, square = (uniform_filter(one, (1, _AROUND, _AROUND)) for one in (gray, gray * gray))
    flat = np.clip(1 - np.sqrt(np.maximum(square - mean * mean, 0)) / _OWN, 0, 1)
    return (photo_01 + flat[..., None] * grain(*photo_01.shape[1:3])).clip(0, 1)


def grained(photos: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Photos to learn from, `(n, H, W, 3) uint8`, with grain all over, each with another piece of it."""
    moves = rng.integers(0, _SIDE, (len(photos), 2))
    more = np.stack([grain(*photos.shape[1:3], *move) for move in moves])
    return np.rint(photos + 255 * more).clip(0, 255).astype("uint8")


@cache
def _tile() -> np.ndarray:
    return np.random.default_rng(0).normal(0, DEPTH / 255, (_SIDE, _SIDE, 3)).astype("float32")
