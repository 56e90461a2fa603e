"""The colors that an avatar is painted with, by day and by night, and how layers become an image.

The network says of each pixel which of these colors it has, and how deep in the shade it is: so the colors
can be chosen freely, and change without asking it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from studio.sketch import colors
from studio.sketch.colors import Color

CHOSEN = ("background", "skin", "hair", "iris", "cloth", "trim", "hat_color", "frame")
FIXED: tuple[Color, ...] = (
    (252, 252, 250),  # white
    (38, 26, 30),  # ink
    (122, 32, 44),  # the inside of a mouth
    (232, 112, 116),  # tongue
    (206, 40, 72),  # lips, cheeks
    (92, 30, 24),  # lines on a skin
)
ROLES = len(CHOSEN) + len(FIXED)
MOON: Color = (255, 244, 204)
NIGHT = (0.58, 0.62, 0.86)  # of red, green and blue the share that moonlight leaves
NIGHT_DEPTH = 1.7  # of shades
_SKY_DEPTH = 2.2
LOST = np.array([0.15, 0.21, 0.18], "float32")  # of each color in the shade
DEEPEST = 2.6
_STARS = (
    (6, 8, 0.7),
    (15, 16, 0.5),
    (21, 5, 0.6),
    (34, 3.5, 0.5),
    (60, 24, 0.6),
    (4, 27, 0.5),
    (45, 15, 0.4),
)
_CRESCENT, _CUT = (54.0, 9.5, 5.5), (51.4, 8.0, 4.9)  # x, y, radius
_UNITS = 64  # in which these are, of the side
_FINE = 4  # so many times finer the sky is drawn


def colors_of(chosen: Mapping[str, Color], night: bool = False) -> np.ndarray:
    """What is painted with, `(ROLES + 1, 3) float32 in [0, 1]`; the last is the moon's, by day unseen.

    Args:
        chosen: the color of each of CHOSEN.
        night: whether the moon shines.
    """
    background = np.array(chosen["background"], "float32")
    found = np.array([*(chosen[name] for name in CHOSEN), *FIXED, background], "float32") / 255
    if night:
        found[0] = np.rint(background * (1 - _SKY_DEPTH * LOST)) / 255
        found *= np.array(NIGHT, "float32")
        found[-1] = np.array(MOON, "float32") / 255
    return found


def drawn_by_lot(seed: int) -> dict[str, Color]:
    """Colors for `colors_of` that stand apart where they meet."""
    return colors.choose(np.random.default_rng(seed))


@cache
def moon(side: int) -> np.ndarray:
    """How much of each pixel of the sky is the moon or a star, `(side, side, 1) float32`."""
    sheet = Image.new("L", (side * _FINE, side * _FINE))
    ink, scale = ImageDraw.Draw(sheet), side * _FINE / _UNITS
    for (x, y, radius), level in ((_CRESCENT, 255), (_CUT, 0), *((star, 255) for star in _STARS)):
        corners = (x - radius, y - radius, x + radius, y + radius)
        ink.ellipse([at * scale for at in corners], fill=level)
    return np.asarray(sheet.reduce(_FINE), "float32")[..., None] / 255


def painted(weights: np.ndarray, depth: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Lays colors where the layers say.

    Args:
        weights: `(ROLES, side, side) float32`, how much of each color a pixel has next to the others.
        depth: `(side, side) float32`, how deep in the shade it is; the sky is never.
        colors: `(ROLES + 1, 3) float32 in [0, 1]`.

    Returns:
        `(side, side, 3) float32 in [0, 1]`.
    """
    side, flat = len(depth), weights.reshape(len(weights), -1)  # a plane at a time is quicker than a pixel
    face = (colors[1:ROLES].T @ flat[1:]) * (1 - LOST[:, None] * depth.reshape(1, -1))
    sky = colors[0] + moon(side) * (colors[-1] - colors[0])
    made = (face + flat[0] * sky.reshape(-1, 3).T) / flat.sum(0)
    return np.clip(made, 0, 1).T.reshape(side, side, 3)
