"""How near an enlargement is to the truth, as the tables of the field measure it."""

from __future__ import annotations

import numpy as np


def psnr(truth: np.ndarray, made: np.ndarray, border: int) -> float:
    """The peak signal-to-noise ratio in dB; more is nearer, and the same image has infinitely many.

    Args:
        truth, made: `(H, W) float`, levels of 0 to 255; what was made is rounded first, as a file would be.
        border: px left out on every side, by custom as many as the scale; may be 0.
    """
    off = (np.clip(np.rint(made), 0, 255) - truth)[
        border : truth.shape[0] - border, border : truth.shape[1] - border
    ]
    error = np.mean(np.square(off, dtype="float64"))
    return float(10 * np.log10(255**2 / error)) if error else float("inf")
