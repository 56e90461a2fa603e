"""Shrinking and enlarging by cubic convolution, as the tables of the field are made.

Each side is done by a matrix, so that a tile, a batch and a whole image are the same few products. The
kernel is Keys' of 1981 with a = -1/2. What shrinks is smoothed by it as many times wider, and beyond a border
the image is mirrored: so does MATLAB's `imresize`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

REACH = 2  # px of the small image that a pixel of the large one needs on either side


def enlarged(images: np.ndarray, scale: int) -> np.ndarray:
    """`(..., H, W) float32` -> `(..., scale * H, scale * W) float32`; may leave the range of its input."""
    height, width = images.shape[-2:]
    return resized(images, height * scale, width * scale)


def shrunken(images: np.ndarray, scale: int) -> np.ndarray:
    """`(..., H, W) float32`, sides multiples of `scale` -> `(..., H / scale, W / scale) float32`."""
    height, width = images.shape[-2:]
    return resized(images, height // scale, width // scale)


def resized(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """`(..., H, W) float32` -> `(..., height, width) float32`."""
    rows, columns = images.shape[-2:]
    return matrix(rows, height) @ images @ matrix(columns, width).T


@lru_cache(64)
def matrix(old: int, new: int) -> np.ndarray:
    """What resizes one side: `(new, old) float32`, whose rows add up to 1."""
    ratio = new / old
    narrow = min(1.0, ratio)
    centers = (np.arange(new) + 0.5) / ratio - 0.5
    reach = 2 / narrow
    places = np.floor(centers - reach).astype(int)[:, None] + np.arange(int(np.ceil(2 * reach)) + 2)
    weights = _keys((centers[:, None] - places) * narrow)
    weights /= weights.sum(axis=1, keepdims=True)
    mirrored = np.concatenate([np.arange(old), np.arange(old)[::-1]])[places % (2 * old)]
    made = np.zeros((new, old))
    np.add.at(made, (np.arange(new)[:, None], mirrored), weights)
    return made.astype("float32")


def _keys(at: np.ndarray) -> np.ndarray:
    """The kernel at distances in px."""
    x = np.abs(at)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))
