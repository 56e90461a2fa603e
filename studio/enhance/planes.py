"""An image as what cleans it is shown it: lightness and two colors, folded to half the size.

The planes are those that JPEG keeps (ITU-R BT.601, full range), around zero. Folding lays the four pixels of
a square on top of each other, so that a network has a quarter of the places to look at, as in FFDNet (Zhang
et al. 2018, arXiv:1710.04026). As there, it is told how damaged the image is, by maps of one number each.
"""

from __future__ import annotations

import numpy as np

FOLD = 2  # px of a side of the squares
TOLD = 3  # numbers that say how damaged it is
LIGHT = np.array([0.299, 0.587, 0.114], "float32")  # ITU-R BT.601, as `studio.core.imaging.image_io.gray`
_TO_PLANES = np.array([LIGHT, [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], "float32")
_TO_COLORS = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]], "float32")
_GRAY = np.array([0.5, 0, 0], "float32")
_LOUD = 50.0  # levels of noise that are told as 1


def planes(colors: np.ndarray) -> np.ndarray:
    """`(..., 3)` sRGB in [0, 1] -> `(..., 3) float32`: Y, Cb and Cr in [-0.5, 0.5]."""
    return np.asarray(colors, "float32") @ _TO_PLANES.T - _GRAY


def colors(planes: np.ndarray) -> np.ndarray:
    """Back again, `(..., 3) float32`; may leave [0, 1]."""
    return (planes + _GRAY) @ _TO_COLORS.T


def folded(planes: np.ndarray) -> np.ndarray:
    """`(..., H, W, C)`, even sides -> `(..., H / 2, W / 2, 4 * C)`."""
    *most, height, width, channels = planes.shape
    parts = planes.reshape(*most, height // FOLD, FOLD, width // FOLD, FOLD, channels)
    return np.moveaxis(parts, -4, -3).reshape(*most, height // FOLD, width // FOLD, FOLD**2 * channels)


def unfolded(maps: np.ndarray) -> np.ndarray:
    """`(..., h, w, 4 * C)` -> `(..., 2 * h, 2 * w, C)`."""
    *most, height, width, channels = maps.shape
    parts = np.moveaxis(maps.reshape(*most, height, width, FOLD, FOLD, channels // FOLD**2), -3, -4)
    return parts.reshape(*most, height * FOLD, width * FOLD, channels // FOLD**2)


def shown(planes: np.ndarray, light: float, color: float, quality: float) -> np.ndarray:
    """What a network is shown of `(h, w, 3)`, even sides: `(h / 2, w / 2, 12 + TOLD) float32`.

    Args:
        light, color, quality: how damaged it is, as in `studio.enhance.damage.Damage`.
    """
    maps = folded(planes)
    told = np.array([light / _LOUD, color / _LOUD, (100 - quality) / 100], "float32")
    return np.concatenate([maps, np.broadcast_to(told, (*maps.shape[:2], TOLD))], axis=2)
