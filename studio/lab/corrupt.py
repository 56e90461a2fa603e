"""Corrupts digits for denoising and repair."""

from __future__ import annotations

import numpy as np

from studio.lab.settings import SIDE

HOLE_SIDE = 8  # px per side


def corrupt(digits: np.ndarray, noise: float, holes: int, rng: np.random.Generator) -> np.ndarray:
    """Adds noise and black holes to digits.

    Args:
        digits: `(n, SIDE * SIDE) float32` in [0, 1]; not modified.
        noise: standard deviation of the noise; the result is clipped to [0, 1].
        holes: number of black squares in each digit, at random positions.
        rng: source of random numbers.

    Returns:
        An array of the same shape.
    """
    result = digits
    if noise:
        result = rng.standard_normal(digits.shape, "float32")
        result *= np.float32(noise)
        result += digits
        np.clip(result, 0, 1, out=result)
    if holes:
        result = np.array(result).reshape(-1, SIDE, SIDE)
        corners = rng.integers(2, SIDE - HOLE_SIDE - 1, (len(result), holes, 2))
        for digit, positions in zip(result, corners, strict=True):
            for top, left in positions:
                digit[top : top + HOLE_SIDE, left : left + HOLE_SIDE] = 0
        result = result.reshape(digits.shape)
    return result


def compute_mean_absolute_error(digits: np.ndarray, others: np.ndarray) -> float:
    """Returns the mean absolute difference of pixels, 0 to 255."""
    return float(np.abs(digits - others).mean()) * 255
