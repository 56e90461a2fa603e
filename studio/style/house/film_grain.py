"""Faint grain added to the flat areas of a photo before it is stylized.

A convolutional network gives equal input equal output: a flat sky would stay flat, without a stroke.
Invisible grain gives strokes a place to start.
"""

from __future__ import annotations

from functools import cache

import numpy as np

DEVIATION = 2.0  # levels of 255, standard deviation
TILE_SIDE = 256  # px; the tile repeats beyond, which does not show
PHOTO_NOISE = 1.0 / 255  # standard deviation of a photo's own noise that needs no added grain
WINDOW_SIDE = 9  # px, side of the window that measures it


def make_grain(height: int, width: int, down: int = 0, right: int = 0) -> np.ndarray:
    """Returns the grain of an image; the same for every frame, so that videos do not flicker.

    Args:
        height, width: in px.
        down, right: offset of the grain in px; training varies it.

    Returns:
        `(height, width, 3) float32`, normal noise of mean 0 and standard deviation DEVIATION / 255.
    """
    rows, columns = (np.arange(height) + down) % TILE_SIDE, (np.arange(width) + right) % TILE_SIDE
    return _make_tile()[rows[:, None], columns]


def add_grain(photo_01: np.ndarray) -> np.ndarray:
    """Adds grain to a photo, `(1, H, W, 3) float32 in [0, 1]`, where it has none of its own.

    A photo's own grain moves with its contents, which keeps video steady; added grain would not.
    """
    from scipy.ndimage import uniform_filter

    gray = photo_01.mean(axis=-1)
    mean, square = (uniform_filter(values, (1, WINDOW_SIDE, WINDOW_SIDE)) for values in (gray, gray * gray))
    flatness = np.clip(1 - np.sqrt(np.maximum(square - mean * mean, 0)) / PHOTO_NOISE, 0, 1)
    return (photo_01 + flatness[..., None] * make_grain(*photo_01.shape[1:3])).clip(0, 1)


def add_training_grain(photos: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Adds grain to whole training photos, `(n, H, W, 3) uint8`, at a random offset for each."""
    offsets = rng.integers(0, TILE_SIDE, (len(photos), 2))
    grains = np.stack([make_grain(*photos.shape[1:3], *offset) for offset in offsets])
    return np.rint(photos + 255 * grains).clip(0, 255).astype("uint8")


@cache
def _make_tile() -> np.ndarray:
    return np.random.default_rng(0).normal(0, DEVIATION / 255, (TILE_SIDE, TILE_SIDE, 3)).astype("float32")
