"""Masks: where in the content each style goes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core import images
from studio.core.errors import InvalidInput


def check(masks: Sequence[np.ndarray]) -> None:
    """Raises `InvalidInput` if a mask has no white."""
    for number, mask in enumerate(masks, start=1):
        if mask.max() < 8:
            raise InvalidInput(
                f"Mask {number} is black everywhere. Next: paint white where its style shall go."
            )


def at(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """A mask picture at the size of a layer or picture.

    Args:
        mask: `(H, W, 3) uint8`, white where the style goes; stretched to the content.

    Returns:
        `(height, width) float32 in [0, 1]`.
    """
    return images.resize(mask, height, width).mean(axis=2, dtype="float32") / 255.0
