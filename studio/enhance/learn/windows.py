"""What a network learns to enlarge from: windows of photos, shrunken, and what enlarging them lacks."""

from __future__ import annotations

import numpy as np

from studio.enhance import bicubic
from studio.enhance.settings import SCALES

MARGIN = 4  # px of the small image, cut off after shrinking, for there the mirrored border is felt
CLOSER = (1.0, 1.25, 1.5)  # so many times larger a window may be before it is shrunk to its size: photos from
# a camera or a compressed file are softer than their pixels, and what is shrunk is sharp again


def batch(
    photos: np.ndarray, rows: np.ndarray, window: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Windows to learn from, see `studio.enhance.learn.learner.Learner`.

    Args:
        photos: `(n, side, side, 1) uint8`, lightness, of at least `needed(window)` px.
        rows: one of them for each scale and window: `(3 * B,)`.
        window: a side, in px of the small images.
        rng: decides where, and how each is turned.
    """
    found = {}
    for scale, part in zip(SCALES, np.split(rows, len(SCALES)), strict=True):
        pairs = [pair(_window(photos[row, ..., 0], scale, window, rng), scale) for row in part]
        found[f"small{scale}"] = np.stack([small for small, _ in pairs])[..., None]
        found[f"lacks{scale}"] = np.stack([lacks for _, lacks in pairs])
    return found


def needed(window: int) -> int:
    """The least side of photos, in px, for windows of a size."""
    return SCALES[-1] * (window + 2 * MARGIN)


def _window(photo: np.ndarray, scale: int, window: int, rng: np.random.Generator) -> np.ndarray:
    """A part of a photo, turned and mirrored by chance: `(n, n) float32`, n = scale * (window + 2 MARGIN)."""
    side = scale * (window + 2 * MARGIN)
    wide = min(round(side * rng.choice(CLOSER)), len(photo))
    down, right = rng.integers(0, len(photo) - wide + 1, 2)
    part = photo[down : down + wide, right : right + wide].astype("float32")
    if wide > side:
        part = bicubic.resized(part, side, side)
    part = np.rot90(part, int(rng.integers(4)))
    return part.T if rng.random() < 0.5 else part


def pair(large: np.ndarray, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """What a network is shown, and what it should say, both without their margins.

    Args:
        large: `(H, W) float32`, lightness of 0 to 255, sides multiples of `scale`.
    """
    small = np.clip(np.rint(bicubic.shrunken(large, scale)), 0, 255)  # as a file would hold it
    lacks = large - bicubic.enlarged(small, scale)
    edge = MARGIN * scale
    return small[MARGIN:-MARGIN, MARGIN:-MARGIN] / 255, lacks[edge:-edge, edge:-edge] / 255
