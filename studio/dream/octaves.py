"""The image sizes of a dream, from coarse to fine."""

from __future__ import annotations

import numpy as np
from PIL import Image


def octave_sizes(
    height: int, width: int, octaves: int, factor: float, min_side: int
) -> list[tuple[int, int]]:
    """Returns heights and widths in px, each `factor` times the one before, ending at the given size.

    Args:
        min_side: smallest shorter side; smaller sizes are left out, except the last.
    """
    scales = [factor**-i for i in reversed(range(octaves))]
    sizes = [(max(1, round(height * scale)), max(1, round(width * scale))) for scale in scales]
    return [size for size in sizes[:-1] if min(size) >= min_side] + sizes[-1:]


def resize_01(images_01: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes `(1, H, W, 3) float32` to `(1, *size, 3)` bicubically, without rounding to 8 bits."""
    if images_01.shape[1:3] == size:
        return images_01
    bands = (
        Image.fromarray(images_01[0, :, :, band]).resize(size[::-1], Image.Resampling.BICUBIC)
        for band in range(3)
    )
    return np.stack([np.asarray(band, "float32") for band in bands], axis=-1)[None]
