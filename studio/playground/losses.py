"""Losses of a network's colors, and their gradients."""

from __future__ import annotations

import math

import numpy as np

from studio.core.layers.activations import sigmoid

GRAY = np.float32(0.5)  # gray, the output for pre-activations of 0
_PEAK_DB = 100.0  # limit, because the PSNR of an exact image is infinite


def to_colors(loss: str, sums: np.ndarray) -> np.ndarray:
    """Returns the colors of the last layer's pre-activations, `(N, 3) float32`; may exceed [0, 1].

    Cross-entropy treats colors as probabilities, so they come from a sigmoid; the other losses are linear.
    """
    return sigmoid(sums) if loss == "cross_entropy" else sums + GRAY


def compute_loss(loss: str, colors: np.ndarray, targets: np.ndarray) -> float:
    """Returns the mean loss of colors, `(N, 3)`; not finite after divergence."""
    if loss == "mae":
        return float(np.abs(colors - targets).mean())
    if loss == "cross_entropy":
        probability = np.clip(colors, 1e-7, 1 - 1e-7)
        return float(-(targets * np.log(probability) + (1 - targets) * np.log(1 - probability)).mean())
    difference = colors - targets
    return float((difference * difference).mean())


def compute_gradient(loss: str, colors: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Returns the gradient of `compute_loss` with respect to the pre-activations, `(N, 3) float32`."""
    difference = colors - targets
    if loss == "mae":
        difference = np.sign(difference)
    elif loss == "mse":
        difference = 2 * difference
    return difference / np.float32(difference.size)  # for cross-entropy, the sigmoid's derivative cancels


def compute_psnr(colors: np.ndarray, targets: np.ndarray) -> float:
    """Returns the peak signal-to-noise ratio in dB of colors clipped to [0, 1]; higher is better."""
    error = float(np.mean((np.clip(np.nan_to_num(colors), 0, 1) - targets) ** 2))
    return min(_PEAK_DB, -10 * math.log10(max(error, 1e-12)))
