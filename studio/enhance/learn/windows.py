"""Training data for upscaling: downscaled crops of photos, and the residuals of bicubic upscaling."""

from __future__ import annotations

import numpy as np

from studio.enhance import bicubic
from studio.enhance.settings import SCALES

MARGIN = 4  # px of the small image, cropped after downscaling, because mirrored borders affect them
# Crops may be this many times larger before downscaling: photos from cameras or compressed files are softer
# than their pixels, and downscaling sharpens them.
CROP_FACTORS = (1.0, 1.25, 1.5)


def make_batch(
    photos: np.ndarray, rows: np.ndarray, window: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Returns training crops, see `studio.enhance.learn.learner.EnlargingLearner`.

    Args:
        photos: `(n, side, side, 1) uint8`, lightness, of at least `min_photo_side(window)` px.
        rows: row of the photo of each scale and crop, `(3 * B,)`.
        window: side of the small crops in px.
        rng: chooses position, flip and rotation.
    """
    arrays = {}
    for scale, scale_rows in zip(SCALES, np.split(rows, len(SCALES)), strict=True):
        pairs = [
            make_pair(_crop_window(photos[row, ..., 0], scale, window, rng), scale) for row in scale_rows
        ]
        arrays[f"small{scale}"] = np.stack([small for small, _ in pairs])[..., None]
        arrays[f"residual{scale}"] = np.stack([residual for _, residual in pairs])
    return arrays


def min_photo_side(window: int) -> int:
    """Returns the smallest side in px of photos for crops of a size."""
    return SCALES[-1] * (window + 2 * MARGIN)


def _crop_window(photo: np.ndarray, scale: int, window: int, rng: np.random.Generator) -> np.ndarray:
    """Crops a photo with random flips and rotations: `(n, n) float32`, n = scale * (window + 2 MARGIN)."""
    side = scale * (window + 2 * MARGIN)
    crop_side = min(round(side * rng.choice(CROP_FACTORS)), len(photo))
    down, right = rng.integers(0, len(photo) - crop_side + 1, 2)
    crop = photo[down : down + crop_side, right : right + crop_side].astype("float32")
    if crop_side > side:
        crop = bicubic.resize(crop, side, side)
    crop = np.rot90(crop, int(rng.integers(4)))
    return crop.T if rng.random() < 0.5 else crop


def make_pair(large: np.ndarray, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the network's input and its target, both without margins.

    Args:
        large: `(H, W) float32`, lightness of 0 to 255, sides multiples of `scale`.
    """
    small = np.clip(np.rint(bicubic.shrink(large, scale)), 0, 255)  # rounded as in a file
    residual = large - bicubic.enlarge(small, scale)
    edge = MARGIN * scale
    return small[MARGIN:-MARGIN, MARGIN:-MARGIN] / 255, residual[edge:-edge, edge:-edge] / 255
