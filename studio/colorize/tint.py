"""Classifies images as gray, tinted like old prints, or colored."""

from __future__ import annotations

from typing import Literal

import numpy as np

from studio.colorize import lab
from studio.core.imaging import image_io

Kind = Literal["gray", "tinted", "colored"]
_SIDE = 128  # px, longer side of the analyzed image
_GRAY = 3.0  # mean chroma below which an image is gray
_STRONG = 45.0  # chroma that tints do not reach: sepia and cyanotype have 15 to 35
_COVERED = 0.5  # smallest share of pixels that a tint colors; its black and white have no color
_BANDS = 12  # of lightness
_STRAY = 4.0  # mean distance from the tint at each lightness below which an image is tinted


def kind_of(image: np.ndarray) -> Kind:
    """Returns the kind of an image. A tint, such as sepia or cyanotype, depends only on the lightness, is
    weak and covers the image: a red ball on white paper is not a tint, though each lightness has one color.

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
    """Returns the median color of pixels of similar lightness for each of `(n, 3)` L*a*b*: `(n, 2)`."""
    band = np.minimum((pixels[:, 0] / 100 * _BANDS).astype(int), _BANDS - 1)
    tints = np.zeros((len(pixels), 2), "float32")
    for n in np.unique(band):
        tints[band == n] = np.median(pixels[band == n, 1:], axis=0)
    return tints
