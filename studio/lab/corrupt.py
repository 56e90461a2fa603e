"""What is done to a digit before it is repaired."""

from __future__ import annotations

import numpy as np

from studio.lab.settings import SIDE

HOLE = 8  # px a side


def spoilt(digits: np.ndarray, noise: float, holes: int, rng: np.random.Generator) -> np.ndarray:
    """Digits with noise over them and black holes in them.

    Args:
        digits: `(n, SIDE * SIDE) float32` in [0, 1]; left as they are.
        noise: the standard deviation of what is added to each pixel, before it is cut to [0, 1] again.
        holes: how many squares of each digit are black, where the rng says.

    Returns:
        As many, of the same shape.
    """
    made = digits
    if noise:
        made = rng.standard_normal(digits.shape, "float32")
        made *= np.float32(noise)
        made += digits
        np.clip(made, 0, 1, out=made)
    if holes:
        made = np.array(made).reshape(-1, SIDE, SIDE)
        corners = rng.integers(2, SIDE - HOLE - 1, (len(made), holes, 2))
        for digit, places in zip(made, corners, strict=True):
            for top, left in places:
                digit[top : top + HOLE, left : left + HOLE] = 0
        made = made.reshape(digits.shape)
    return made


def levels(digits: np.ndarray, others: np.ndarray) -> float:
    """By how many of 255 levels the pixels of digits differ from others, on average."""
    return float(np.abs(digits - others).mean()) * 255
