"""Grids of images."""

from __future__ import annotations

import math

import numpy as np


def make_grid(images: np.ndarray, columns: int | None = None, scale: int = 1, gap: int = 2) -> np.ndarray:
    """Arranges images in a grid on white, row by row.

    Args:
        images: `(n, h, w, 1 or 3) uint8`.
        columns: images per row; None makes the grid nearly square.
        scale: integer factor of enlargement.
        gap: px between images.

    Returns:
        `(H, W, 3) uint8`.
    """
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    large = images.repeat(scale, axis=1).repeat(scale, axis=2)
    row_step, column_step = height * scale + gap, width * scale + gap
    canvas = np.full((rows * row_step - gap, columns * column_step - gap, 3), 255, "uint8")
    for n, image in enumerate(large):
        top, left = n // columns * row_step, n % columns * column_step
        canvas[top : top + height * scale, left : left + width * scale] = np.broadcast_to(
            image, (*image.shape[:2], 3) if channels == 1 else image.shape
        )
    return canvas
