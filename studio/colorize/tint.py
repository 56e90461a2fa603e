"""Whether an image is gray, tinted as old prints are, or has colors already."""

from __future__ import annotations

from typing import Literal

import numpy as np

from studio.colorize import lab
from studio.core.imaging import image_io

Kind = Literal["gray", "tinted", "colored"]
_SIDE = 128  # px of the longer side of what is looked at
_GRAY = 3.0  # the mean distance of a* and b* from 0 below which an image is gray
_STRONG = 45.0  # a distance from 0 that tints do not reach: sepia and cyanotype have 15 to 35
_COVERED = 0.5  # the least share of pixels that a tint colors; its black and white have no color
_BANDS = 12  # of lightness
_STRAY = 4.0  # the mean distance from the tint of its lightness below which an image has that tint alone


def kind_of(image: np.ndarray) -> Kind:
    """What an image is. A tint, as of sepia or cyanotype, depends on the lightness alone, is weak, and
    covers everything: a red ball on white paper is no tint, though each lightness has one color there, too.

    Args:
        image: `(H, W, 3) uint8`.
    """
    small = lab.from_rgb(image_io.fit(image, min(_SIDE, max(image.shape[:2])))).reshape(-1, 3)
    colors = small[:, 1:]
    strength = np.linalg.norm(colors, axis=1)
    if strength.mean() < _GRAY:
        return "gray"
    strong, covered = np.percentile(strength, 95) > _STRONG, (strength > _GRAY).mean() >= _COVERED
    if strong or not covered:
        return "colored"
    return "tinted" if np.linalg.norm(colors - _tints(small), axis=1).mean() < _STRAY else "colored"


def _tints(pixels: np.ndarray) -> np.ndarray:
    """For each pixel, L*a*b* `(n, 3)`, the median color of those about as light: `(n, 2)`."""
    band = np.minimum((pixels[:, 0] / 100 * _BANDS).astype(int), _BANDS - 1)
    found = np.zeros((len(pixels), 2), "float32")
    for n in np.unique(band):
        found[band == n] = np.median(pixels[band == n, 1:], axis=0)
    return found
