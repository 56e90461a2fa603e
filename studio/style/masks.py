"""Masks: where in the content each style goes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.errors import InvalidInput
from studio.core.imaging import image_io


def check(masks: Sequence[np.ndarray]) -> None:
    """Raises `InvalidInput` if a mask selects nothing."""
    for number, mask in enumerate(masks, start=1):
        if mask.max() < 8:
            raise InvalidInput(
                f"Mask {number} is black or transparent everywhere. Paint where its style should go."
            )


def at(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """A mask image at the size of a layer or image.

    Args:
        mask: `(H, W, 3) uint8`, 255 where the style goes; stretched to the content.

    Returns:
        `(height, width) float32 in [0, 1]`.
    """
    return image_io.resize(mask, height, width).mean(axis=2, dtype="float32") / 255.0


def shares(weights: Sequence[float | np.ndarray]) -> list[np.ndarray]:
    """Weights that add to 1 at every place; where all are 0, all count alike.

    Args:
        weights: numbers, or `(H, W) float32` maps that say where.

    Returns:
        Of each a number or `(H, W, 1) float32`, which multiplies `(B, H, W, C)`.
    """
    given = [np.asarray(weight, "float32") for weight in weights]
    total = np.asarray(sum(given))
    scaled = [np.where(total > 0, w / np.where(total > 0, total, 1), 1 / len(given)) for w in given]
    return [one.astype("float32")[..., None] if one.ndim else one.astype("float32") for one in scaled]


def cover(masks: Sequence[np.ndarray], weights: Sequence[float], height: int, width: int) -> np.ndarray:
    """How much of any style there is at each place; the rest is the photo.

    Args:
        weights: of the styles, relative to the largest: it covers the photo in its place, 0 leaves it there.

    Returns:
        `(height, width, 1) float32 in [0, 1]`.
    """
    most = max(weights)
    found = sum(weight / most * at(mask, height, width) for weight, mask in zip(weights, masks, strict=True))
    return np.clip(found, 0.0, 1.0)[..., None].astype("float32")
