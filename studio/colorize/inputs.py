"""The input channels of the network: lightness, a* and b* of color hints, and their mask."""

from __future__ import annotations

import numpy as np

CHANNELS = 4
MAX_COLOR = 110.0  # approximate largest a* or b* of sRGB


def stack(lightness: np.ndarray, hints: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Stacks the input channels of the network.

    Args:
        lightness: L* of 0 to 100, `(..., H, W)`.
        hints: a* and b*, `(..., H, W, 2)`, of any value where `mask` is False.
        mask: mask of the hints, `(..., H, W) bool`.

    Returns:
        `(..., H, W, 4) float32`, about -1 to 1.
    """
    mask_channel = mask[..., None].astype("float32")
    colors = hints / MAX_COLOR * mask_channel
    return np.concatenate([lightness[..., None] / 50 - 1, colors, mask_channel], axis=-1).astype("float32")
