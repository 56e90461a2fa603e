"""Center crops."""

from __future__ import annotations

import numpy as np

from studio.core.imaging import image_io


def find_center_crop(shape: tuple[int, ...], height: int, width: int) -> tuple[slice, slice]:
    """Returns rows and columns of the largest center crop of `(H, W, ...)` with a given aspect ratio."""
    step = min(shape[0] / height, shape[1] / width)
    rows, columns = max(1, round(step * height)), max(1, round(step * width))
    top, left = (shape[0] - rows) // 2, (shape[1] - columns) // 2
    return slice(top, top + rows), slice(left, left + columns)


def crop_and_resize(image: np.ndarray, height: int, width: int | None = None) -> np.ndarray:
    """Crops and resizes `(H, W, 3) uint8` to `(height, width, 3) uint8`; a square without a width."""
    width = width or height
    center = image[find_center_crop(image.shape, height, width)]
    return image_io.resize(np.ascontiguousarray(center), height, width)
