"""Peak signal-to-noise ratio, as in published benchmarks."""

from __future__ import annotations

import numpy as np


def psnr(truth: np.ndarray, result: np.ndarray, border: int) -> float:
    """Returns the peak signal-to-noise ratio in dB; higher is closer, infinite for equal images.

    Args:
        truth, result: `(H, W) float`, 0 to 255; the result is rounded first, as in a file.
        border: px left out on every side, usually the scale; may be 0.
    """
    difference = (np.clip(np.rint(result), 0, 255) - truth)[
        border : truth.shape[0] - border, border : truth.shape[1] - border
    ]
    error = np.mean(np.square(difference, dtype="float64"))
    return float(10 * np.log10(255**2 / error)) if error else float("inf")
