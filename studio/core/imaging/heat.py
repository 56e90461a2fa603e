"""The colors of a map that says how much of something is where."""

from __future__ import annotations

import numpy as np

# From cold to hot, ever lighter, so that it reads without its colors too.
_STOPS = np.array([(28, 16, 68), (120, 28, 109), (222, 73, 70), (250, 160, 40), (252, 245, 160)], "float32")


def colors(warmth: np.ndarray) -> np.ndarray:
    """`(H, W)` from 0, cold, to 1, hot -> `(H, W, 3) float32`, levels."""
    at = np.clip(warmth, 0, 1) * (len(_STOPS) - 1)
    below = np.minimum(at.astype(int), len(_STOPS) - 2)
    part = (at - below)[..., None]
    return _STOPS[below] * (1 - part) + _STOPS[below + 1] * part
