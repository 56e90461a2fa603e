"""Classifies images as gray, tinted like old prints, or colored."""

from __future__ import annotations

from typing import Literal

import numpy as np

from studio.colorize import lab
from studio.core.imaging import image_io

Kind = Literal["gray", "tinted", "colored"]
_SIDE = 128  # px, longer side of the analyzed image
_MAX_GRAY_CHROMA = 3.0  # mean chroma below which an image is gray
_MAX_TINT_CHROMA = 45.0  # chroma that tints do not reach: sepia and cyanotype have 15 to 35
_MIN_TINTED_SHARE = 0.5  # smallest share of pixels that a tint colors; its black and white have no color
_BANDS = 12  # of lightness
_MAX_TINT_DISTANCE = 4.0  # mean distance from the tint at each lightness below which an image is tinted


def kind_of(image: np.ndarray) -> Kind:
    """Returns the kind of an image. A tint, such as sepia or cyanotype, depends only on the lightness, is
    weak and covers the image: a red ball on white paper is not a tint, though each lightness has one color.

    Args:
        image: `(H, W, 3) uint8`.
    """
    pixels = lab.from_rgb(image_io.fit(image, min(_SIDE, max(image.shape[:2])))).reshape(-1, 3)
    colors = pixels[:, 1:]
    chroma = np.linalg.norm(colors, axis=1)
    if chroma.mean() < _MAX_GRAY_CHROMA:
        return "gray"
    is_strong = np.percentile(chroma, 95) > _MAX_TINT_CHROMA
    if is_strong or (chroma > _MAX_GRAY_CHROMA).mean() < _MIN_TINTED_SHARE:
        return "colored"
    return (
        "tinted"
        if np.linalg.norm(colors - _compute_median_colors(pixels), axis=1).mean() < _MAX_TINT_DISTANCE
        else "colored"
    )


def _compute_median_colors(pixels: np.ndarray) -> np.ndarray:
    """Returns the median color of pixels of similar lightness for each of `(n, 3)` L*a*b*: `(n, 2)`."""
    band = np.minimum((pixels[:, 0] / 100 * _BANDS).astype(int), _BANDS - 1)
    tints = np.zeros((len(pixels), 2), "float32")
    for n in np.unique(band):
        tints[band == n] = np.median(pixels[band == n, 1:], axis=0)
    return tints
