"""Masks: where in the content each style goes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.masks import task_masks


def normalize_weights(weights: Sequence[float | np.ndarray]) -> list[np.ndarray]:
    """Normalizes weights so that they add to 1 everywhere; where all are 0, they become equal.

    Args:
        weights: numbers, or `(H, W) float32` maps.

    Returns:
        For each, a number or `(H, W, 1) float32`, which multiplies `(B, H, W, C)`.
    """
    arrays = [np.asarray(weight, "float32") for weight in weights]
    total = np.asarray(sum(arrays))
    scaled = [np.where(total > 0, w / np.where(total > 0, total, 1), 1 / len(arrays)) for w in arrays]
    return [share.astype("float32")[..., None] if share.ndim else share.astype("float32") for share in scaled]


def compute_coverage(
    masks: Sequence[np.ndarray], weights: Sequence[float], height: int, width: int
) -> np.ndarray:
    """Returns how much of the image is stylized at each pixel; the rest stays the photo.

    Args:
        masks: `(h, w) float32 in [0, 1]` each, 1 where the style goes; stretched to the image.
        weights: of the styles, relative to the largest, which covers the photo fully; 0 leaves the photo.

    Returns:
        `(height, width, 1) float32 in [0, 1]`.
    """
    max_weight = max(weights)
    coverage = sum(
        weight / max_weight * task_masks.resize(mask, height, width)
        for weight, mask in zip(weights, masks, strict=True)
    )
    return np.clip(coverage, 0.0, 1.0)[..., None].astype("float32")
