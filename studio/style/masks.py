"""Masks: where in the content each style goes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.imaging import image_io
from studio.core.masks import resolve
from studio.core.progress import Progress
from studio.style.settings import TransferSettings


def prepare(
    masks: Sequence[np.ndarray], settings: TransferSettings, content: np.ndarray, progress: Progress
) -> tuple[list[np.ndarray], dict[str, str]]:
    """Feathers and inverts masks as the settings say; without masks, selects those that the settings name.

    Args:
        masks: `(H, W, 3) uint8` each, 255 where the style goes.
        content: `(H, W, 3) uint8`.
        progress: receives the progress of a download.

    Returns:
        The masks, like the given ones, and the SHA-256 of the networks that selected them, by name.

    Raises:
        InvalidInput: if a mask selects nothing.
        StudioError: as `pretrained.pull`.
    """
    prepared = resolve.prepare(masks, settings, content, progress)
    return [resolve.to_levels(mask) for mask in prepared.arrays], prepared.weights


def resize_mask(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes a mask to a layer or image.

    Args:
        mask: `(H, W, 3) uint8`, 255 where the style goes; stretched to the content.

    Returns:
        `(height, width) float32 in [0, 1]`.
    """
    return image_io.resize(mask, height, width).mean(axis=2, dtype="float32") / 255.0


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
        weights: of the styles, relative to the largest, which covers the photo fully; 0 leaves the photo.

    Returns:
        `(height, width, 1) float32 in [0, 1]`.
    """
    max_weight = max(weights)
    coverage = sum(
        weight / max_weight * resize_mask(mask, height, width)
        for weight, mask in zip(weights, masks, strict=True)
    )
    return np.clip(coverage, 0.0, 1.0)[..., None].astype("float32")
