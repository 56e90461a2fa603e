"""Bicubic resizing, as in published super-resolution benchmarks.

Each side is resized by a matrix, so that tiles, batches and whole images take a few products. The kernel is
Keys' (1981) with a = -1/2, widened for antialiasing when downscaling, with mirrored borders, like MATLAB's
`imresize`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

KERNEL_REACH = 2  # px of the small image on either side that a large pixel depends on


def enlarge(images: np.ndarray, scale: int) -> np.ndarray:
    """Upscales `(..., H, W) float32` to `(..., scale * H, scale * W) float32`; may exceed the input range."""
    height, width = images.shape[-2:]
    return resize(images, height * scale, width * scale)


def shrink(images: np.ndarray, scale: int) -> np.ndarray:
    """Downscales `(..., H, W) float32`, sides multiples of `scale`, to `(..., H / scale, W / scale)`."""
    height, width = images.shape[-2:]
    return resize(images, height // scale, width // scale)


def resize(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes `(..., H, W) float32` to `(..., height, width) float32`."""
    rows, columns = images.shape[-2:]
    return resize_matrix(rows, height) @ images @ resize_matrix(columns, width).T


@lru_cache(64)
def resize_matrix(old: int, new: int, start: int = 0, stop: int | None = None) -> np.ndarray:
    """Returns the matrix that resizes one side, or a part of it.

    Args:
        old, new: length of the side before and after, in px.
        start, stop: the part of the new side; None for its end.

    Returns:
        `(stop - start, old) float32`, rows add up to 1.
    """
    ratio = new / old
    kernel_scale = min(1.0, ratio)
    stop = new if stop is None else stop
    centers = (np.arange(start, stop) + 0.5) / ratio - 0.5
    reach = 2 / kernel_scale
    positions = np.floor(centers - reach).astype(int)[:, None] + np.arange(int(np.ceil(2 * reach)) + 2)
    weights = _evaluate_keys_kernel((centers[:, None] - positions) * kernel_scale)
    weights /= weights.sum(axis=1, keepdims=True)
    mirrored = np.concatenate([np.arange(old), np.arange(old)[::-1]])[positions % (2 * old)]
    weight_matrix = np.zeros((stop - start, old))
    np.add.at(weight_matrix, (np.arange(stop - start)[:, None], mirrored), weights)
    return weight_matrix.astype("float32")


def _evaluate_keys_kernel(distances: np.ndarray) -> np.ndarray:
    """Returns the weights of Keys' kernel at distances in px."""
    x = np.abs(distances)
    inner = 1.5 * x**3 - 2.5 * x**2 + 1
    outer = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, inner, np.where(x < 2, outer, 0.0))
