"""The inputs of the network that colors: lightness, the a* and b* that the user gave, and where."""

from __future__ import annotations

import numpy as np

CHANNELS = 4
MOST_COLOR = 110.0  # about the largest a* or b* of sRGB


def stack(lightness: np.ndarray, told: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The input of the network.

    Args:
        lightness: L* of 0 to 100, `(..., H, W)`.
        told: a* and b*, `(..., H, W, 2)`, of any value where `where` is False.
        where: `told` counts, `(..., H, W) bool`.

    Returns:
        `(..., H, W, 4) float32`, about -1 to 1.
    """
    known = where[..., None].astype("float32")
    colors = told / MOST_COLOR * known
    return np.concatenate([lightness[..., None] / 50 - 1, colors, known], axis=-1).astype("float32")
