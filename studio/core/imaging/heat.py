"""The color map of heatmaps."""

from __future__ import annotations

import numpy as np

# Lightness increases from low to high, so that the map is readable in gray, too.
_STOPS = np.array([(28, 16, 68), (120, 28, 109), (222, 73, 70), (250, 160, 40), (252, 245, 160)], "float32")


def to_colors(heat: np.ndarray) -> np.ndarray:
    """Maps values from 0 (low) to 1 (high), `(H, W)`, to colors, `(H, W, 3) float32`, 0 to 255."""
    position = np.clip(heat, 0, 1) * (len(_STOPS) - 1)
    below = np.minimum(position.astype(int), len(_STOPS) - 2)
    fraction = (position - below)[..., None]
    return _STOPS[below] * (1 - fraction) + _STOPS[below + 1] * fraction
