"""How wrong a network's colors are, and which way each would have to change."""

from __future__ import annotations

import math

import numpy as np

from studio.core.layers.activations import sigmoid

MIDDLE = np.float32(0.5)  # gray: what a network paints whose last sums are 0
_PEAK_DB = 100.0  # an image without any error would be infinitely good


def painted(loss: str, sums: np.ndarray) -> np.ndarray:
    """The colors of a network's last sums: `(N, 3) float32`, in [0, 1] but for colors beyond what there is.

    Cross-entropy takes colors for chances, so they come from a sigmoid; the others take them as they are.
    """
    return sigmoid(sums) if loss == "cross_entropy" else sums + MIDDLE


def value(loss: str, colors: np.ndarray, wanted: np.ndarray) -> float:
    """The mean loss of colors, `(N, 3)`, where others were wanted; not finite once weights have run away."""
    if loss == "mae":
        return float(np.abs(colors - wanted).mean())
    if loss == "cross_entropy":
        chance = np.clip(colors, 1e-7, 1 - 1e-7)
        return float(-(wanted * np.log(chance) + (1 - wanted) * np.log(1 - chance)).mean())
    difference = colors - wanted
    return float((difference * difference).mean())


def gradient(loss: str, colors: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The gradient of `value` with respect to the last sums, `(N, 3) float32`."""
    difference = colors - wanted
    if loss == "mae":
        difference = np.sign(difference)
    elif loss == "mse":
        difference = 2 * difference
    return difference / np.float32(difference.size)  # of cross-entropy the sigmoid's slope cancels out


def psnr(colors: np.ndarray, wanted: np.ndarray) -> float:
    """The peak signal-to-noise ratio in dB of colors as they are shown, cut to [0, 1]; more is better."""
    error = float(np.mean((np.clip(np.nan_to_num(colors), 0, 1) - wanted) ** 2))
    return min(_PEAK_DB, -10 * math.log10(max(error, 1e-12)))
