"""The color map of heatmaps."""

from __future__ import annotations

import numpy as np

from studio.core.imaging import image_io

# Lightness increases from low to high, so that the map is readable in gray, too.
_STOPS = np.array([(28, 16, 68), (120, 28, 109), (222, 73, 70), (250, 160, 40), (252, 245, 160)], "float32")


_GRAY = np.repeat(image_io.LUMA[:, None], 3, axis=1)


def to_colors(heat: np.ndarray) -> np.ndarray:
    """Maps values from 0 (low) to 1 (high), `(H, W)`, to colors, `(H, W, 3) float32`, 0 to 255."""
    position = np.clip(heat, 0, 1) * (len(_STOPS) - 1)
    below = np.minimum(position.astype(int), len(_STOPS) - 2)
    fraction = (position - below)[..., None]
    return _STOPS[below] * (1 - fraction) + _STOPS[below + 1] * fraction


def draw_over_gray(image: np.ndarray, heat: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Draws values over the image in gray, because hot colors are hard to see on yellow, such as a sunflower.

    Args:
        image: `(H, W, 3)`, 0 to 255.
        heat: `(H, W)`, 0 to 1.
        share: opacity of the colors, `(H, W, 1)`.

    Returns:
        `(H, W, 3)`, 0 to 255, not rounded.
    """
    return image @ _GRAY * (1 - share) + to_colors(heat) * share
