"""The colors of an avatar by day and night, and how layers become an image.

For each pixel, the network outputs probabilities of color roles and the depth of shade. So the colors can
change without running it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from studio.sketch import colors
from studio.sketch.colors import Color

COLOR_ROLES = ("background", "skin", "hair", "iris", "cloth", "trim", "hat_color", "frame")
FIXED_COLORS: tuple[Color, ...] = (
    (252, 252, 250),  # white
    (38, 26, 30),  # ink
    (122, 32, 44),  # the inside of a mouth
    (232, 112, 116),  # tongue
    (206, 40, 72),  # lips, cheeks
    (92, 30, 24),  # lines on a skin
)
ROLES = len(COLOR_ROLES) + len(FIXED_COLORS)
MOON: Color = (255, 244, 204)
NIGHT_LIGHT = (0.58, 0.62, 0.86)  # shares of red, green and blue in moonlight
NIGHT_DEPTH = 1.7  # factor of the shade at night
_SKY_DEPTH = 2.2
SHADE = np.array([0.15, 0.21, 0.18], "float32")  # shares of red, green and blue lost per unit of shade
MAX_DEPTH = 2.6
_STARS = (
    (6, 8, 0.7),
    (15, 16, 0.5),
    (21, 5, 0.6),
    (34, 3.5, 0.5),
    (60, 24, 0.6),
    (4, 27, 0.5),
    (45, 15, 0.4),
)
_CRESCENT, _CRESCENT_CUT = (54.0, 9.5, 5.5), (51.4, 8.0, 4.9)  # x, y, radius
_UNITS = 64  # units per side of these coordinates
_OVERSAMPLING = 4  # supersampling of the sky


def make_color_table(role_colors: Mapping[str, Color], night: bool = False) -> np.ndarray:
    """Returns the color table, `(ROLES + 1, 3) float32 in [0, 1]`; the last is the moon's, invisible by day.

    Args:
        role_colors: color of each of COLOR_ROLES.
        night: whether it is night.
    """
    background = np.array(role_colors["background"], "float32")
    table_colors = [*(role_colors[name] for name in COLOR_ROLES), *FIXED_COLORS, background]
    table = np.array(table_colors, "float32") / 255
    if night:
        table[0] = np.rint(background * (1 - _SKY_DEPTH * SHADE)) / 255
        table *= np.array(NIGHT_LIGHT, "float32")
        table[-1] = np.array(MOON, "float32") / 255
    return table


def choose_random_colors(seed: int) -> dict[str, Color]:
    """Returns random colors for `make_color_table` that contrast where they meet."""
    return colors.choose_colors(np.random.default_rng(seed))


@cache
def draw_sky(side: int) -> np.ndarray:
    """Returns the coverage of the sky's pixels by moon and stars, `(side, side, 1) float32`."""
    image = Image.new("L", (side * _OVERSAMPLING, side * _OVERSAMPLING))
    draw, scale = ImageDraw.Draw(image), side * _OVERSAMPLING / _UNITS
    for (x, y, radius), level in ((_CRESCENT, 255), (_CRESCENT_CUT, 0), *((star, 255) for star in _STARS)):
        corners = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse([at * scale for at in corners], fill=level)
    return np.asarray(image.reduce(_OVERSAMPLING), "float32")[..., None] / 255


def render(weights: np.ndarray, depth: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Renders an image from layers and colors.

    Args:
        weights: `(ROLES, side, side) float32`, unnormalized shares of the color roles in a pixel.
        depth: `(side, side) float32`, depth of shade; does not apply to the sky.
        colors: `(ROLES + 1, 3) float32 in [0, 1]`.

    Returns:
        `(side, side, 3) float32 in [0, 1]`.
    """
    side, flat = len(depth), weights.reshape(len(weights), -1)  # computing by plane is faster than by pixel
    face = (colors[1:ROLES].T @ flat[1:]) * (1 - SHADE[:, None] * depth.reshape(1, -1))
    sky = colors[0] + draw_sky(side) * (colors[-1] - colors[0])
    image = (face + flat[0] * sky.reshape(-1, 3).T) / flat.sum(0)
    return np.clip(image, 0, 1).T.reshape(side, side, 3)
