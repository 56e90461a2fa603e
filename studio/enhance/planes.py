"""The input of the denoising network: lightness and two color planes, folded to half the size.

The planes are those of JPEG (ITU-R BT.601, full range), centered at zero. Folding stacks the four pixels of a
square as channels, which leaves a quarter of the positions, as in FFDNet (Zhang et al. 2018,
arXiv:1710.04026). As there, constant maps tell the network the strength of the damage.
"""

from __future__ import annotations

import numpy as np

from studio.core.imaging.image_io import LUMA

FOLD = 2  # px, side of the squares
CONDITION_MAPS = 3  # number of maps with the strength of the damage
LIGHT = LUMA.astype("float32")
_TO_PLANES = np.array([LIGHT, [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], "float32")
_TO_COLORS = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]], "float32")
_GRAY = np.array([0.5, 0, 0], "float32")
_NOISE_SCALE = 50.0  # levels of noise that are encoded as 1


def to_planes(colors: np.ndarray) -> np.ndarray:
    """Converts `(..., 3)` sRGB in [0, 1] to `(..., 3) float32`: Y, Cb and Cr in [-0.5, 0.5]."""
    return np.asarray(colors, "float32") @ _TO_PLANES.T - _GRAY


def to_colors(planes: np.ndarray) -> np.ndarray:
    """Converts planes back to sRGB, `(..., 3) float32`; may leave [0, 1]."""
    return (planes + _GRAY) @ _TO_COLORS.T


def fold(planes: np.ndarray) -> np.ndarray:
    """Folds `(..., H, W, C)`, even sides, to `(..., H / 2, W / 2, 4 * C)`."""
    *leading, height, width, channels = planes.shape
    squares = planes.reshape(*leading, height // FOLD, FOLD, width // FOLD, FOLD, channels)
    return np.moveaxis(squares, -4, -3).reshape(*leading, height // FOLD, width // FOLD, FOLD**2 * channels)


def unfold(maps: np.ndarray) -> np.ndarray:
    """Unfolds `(..., h, w, 4 * C)` to `(..., 2 * h, 2 * w, C)`."""
    *leading, height, width, channels = maps.shape
    squares = np.moveaxis(maps.reshape(*leading, height, width, FOLD, FOLD, channels // FOLD**2), -3, -4)
    return squares.reshape(*leading, height * FOLD, width * FOLD, channels // FOLD**2)


def make_network_input(planes: np.ndarray, light: float, color: float, quality: float) -> np.ndarray:
    """Returns the network's input for `(h, w, 3)`, even sides: `(h / 2, w / 2, 12 + CONDITION_MAPS) float32`.

    Args:
        light, color, quality: strength of the damage, as in `studio.enhance.damage.Damage`.
    """
    maps = fold(planes)
    conditions = np.array([light / _NOISE_SCALE, color / _NOISE_SCALE, (100 - quality) / 100], "float32")
    return np.concatenate([maps, np.broadcast_to(conditions, (*maps.shape[:2], CONDITION_MAPS))], axis=2)
