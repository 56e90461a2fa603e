"""The colours that an avatar is painted with, by day and by night, and how layers become a picture.

The network says of each pixel which of these colours it has, and how deep in the shade it is: so the colours
can be chosen freely, and change without asking it again.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from studio.core.pictures.avatars import looks
from studio.core.pictures.avatars.curves import ellipse
from studio.core.pictures.avatars.looks import Look
from studio.core.pictures.avatars.pen import Colour, Pen, shade

CHOSEN = ("background", "skin", "hair", "iris", "cloth", "trim", "hat_colour", "frame")
FIXED: tuple[Colour, ...] = (
    (252, 252, 250),  # white
    (38, 26, 30),  # ink
    (122, 32, 44),  # the inside of a mouth
    (232, 112, 116),  # tongue
    (206, 40, 72),  # lips, cheeks
    (92, 30, 24),  # lines on a skin
)
ROLES = len(CHOSEN) + len(FIXED)
MOON: Colour = (255, 244, 204)
NIGHT = (0.58, 0.62, 0.86)  # of red, green and blue the share that moonlight leaves
NIGHT_DEPTH = 1.7  # of shades
_SKY_DEPTH = 2.2
LOST = np.array([0.15, 0.21, 0.18], "float32")  # of each colour in the shade, see `pen.shade`
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


def colours_of(look: Look, night: bool = False) -> np.ndarray:
    """The colours of a look, `(ROLES + 1, 3) float32 in [0, 1]`; the last is the moon's, by day unseen."""
    chosen = [getattr(look, name) for name in CHOSEN]
    found = np.array([*chosen, *FIXED, look.background], "float32") / 255
    if night:
        found[0] = np.array(shade(look.background, _SKY_DEPTH), "float32") / 255
        found *= np.array(NIGHT, "float32")
        found[-1] = np.array(MOON, "float32") / 255
    return found


def drawn_by_lot(seed: int) -> Look:
    """A look whose colours stand apart where they meet."""
    return looks.choose(np.random.default_rng(seed))


@cache
def moon(side: int) -> np.ndarray:
    """How much of each pixel of the sky is the moon or a star, `(side, side, 1) float32`."""
    pen = Pen(side, (0, 0, 0))
    with pen.unzoomed():
        pen.fill(ellipse(*_CRESCENT[:2], _CRESCENT[2], _CRESCENT[2]), (255, 255, 255))
        pen.dot(*_CUT, (0, 0, 0))
        for x, y, radius in _STARS:
            pen.dot(x, y, radius, (255, 255, 255))
    return pen.picture()[..., :1].astype("float32") / 255


def painted(weights: np.ndarray, depth: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Lays colours where the layers say.

    Args:
        weights: `(ROLES, side, side) float32`, how much of each colour a pixel has beside the others.
        depth: `(side, side) float32`, how deep in the shade it is; the sky is never.
        colours: `(ROLES + 1, 3) float32 in [0, 1]`.

    Returns:
        `(side, side, 3) float32 in [0, 1]`.
    """
    side, flat = len(depth), weights.reshape(len(weights), -1)  # a plane at a time is quicker than a pixel
    face = (colours[1:ROLES].T @ flat[1:]) * (1 - LOST[:, None] * depth.reshape(1, -1))
    sky = colours[0] + moon(side) * (colours[-1] - colours[0])
    made = (face + flat[0] * sky.reshape(-1, 3).T) / flat.sum(0)
    return np.clip(made, 0, 1).T.reshape(side, side, 3)
