"""Ten color hints on sample photos, with the outlines of the objects under them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

Points = tuple[tuple[float, float], ...]


class Hint(NamedTuple):
    """A stroke on an object of a sample photo.

    Attributes:
        photo: name of the sample photo.
        color: of the stroke.
        width: of the stroke in px of a photo of 512 px.
        stroke: its two ends, x and y in percent of the photo's sides.
        outline: corners of the object, in percent too.
    """

    photo: str
    color: str
    width: int
    stroke: Points
    outline: Points


HINTS = {
    "suit": Hint(
        "astronaut",
        "#b3242b",
        13,
        ((20, 56), (26, 62)),
        (
            (22, 41),
            (26, 46),
            (31, 50),
            (38, 55),
            (47, 58),
            (56, 54),
            (60, 50),
            (67, 48),
            (69, 55),
            (71, 68),
            (63, 72),
            (58, 80),
            (56, 88),
            (57, 100),
            (38, 100),
            (30, 95),
            (20, 100),
            (8, 90),
            (4, 85),
            (8, 65),
            (13, 48),
        ),
    ),
    "face": Hint(
        "astronaut",
        "#d9a384",
        13,
        ((40, 20), (42, 27)),
        ((36, 15), (35, 22), (37, 30), (38, 35), (49, 37), (51, 30), (53, 24), (54, 17), (48, 13), (40, 13)),
    ),
    "saucer": Hint(
        "coffee",
        "#2a4a9e",
        13,
        ((20, 45), (23, 65)),
        (
            (13, 50),
            (15, 38),
            (22, 26),
            (29, 18),
            (30, 35),
            (33, 45),
            (42, 57),
            (55, 57),
            (64, 48),
            (68, 35),
            (70, 25),
            (76, 35),
            (79, 48),
            (78, 62),
            (72, 78),
            (60, 89),
            (48, 94),
            (36, 92),
            (25, 84),
            (17, 70),
        ),
    ),
    "coffee": Hint(
        "coffee",
        "#7a5230",
        13,
        ((41, 36), (52, 38)),
        ((35, 32), (38, 25), (48, 22), (58, 26), (62, 34), (58, 42), (50, 46), (41, 44), (36, 39)),
    ),
    "rocket": Hint(
        "rocket",
        "#d9bd2b",
        8,
        ((50.5, 45), (50.5, 60)),
        ((48.2, 40), (48, 33), (50, 29.5), (52.2, 33), (52.4, 40), (52.4, 94), (48.2, 94)),
    ),
    "evening sky": Hint(
        "rocket",
        "#2a4a9e",
        8,
        ((20, 20), (28, 25)),
        ((0, 0), (100, 0), (100, 88), (53, 88), (53, 33), (50, 29), (48, 33), (48, 88), (0, 88)),
    ),
    "coat": Hint(
        "camera",
        "#7a5230",
        13,
        ((14, 45), (20, 52)),
        (
            (30, 22),
            (31, 28),
            (35, 38),
            (36, 40),
            (42, 42),
            (49, 44),
            (57, 50),
            (55, 60),
            (45, 57),
            (40, 56),
            (30, 75),
            (28, 85),
            (30, 100),
            (0, 100),
            (0, 52),
            (6, 45),
            (12, 35),
            (20, 26),
        ),
    ),
    "lawn": Hint(
        "camera",
        "#5a8a2f",
        13,
        ((70, 70), (78, 74)),
        ((59, 47), (100, 47), (100, 100), (30, 100), (28, 85), (30, 75), (40, 57), (55, 60)),
    ),
    "sky": Hint(
        "camera",
        "#6fa5d9",
        13,
        ((70, 10), (80, 14)),
        (
            (0, 0),
            (100, 0),
            (100, 33),
            (90, 33),
            (84, 30),
            (84, 23),
            (81, 23),
            (80, 31),
            (64, 31),
            (54, 27),
            (53, 20),
            (46, 13),
            (38, 12),
            (32, 18),
            (22, 25),
            (12, 35),
            (6, 44),
            (0, 48),
        ),
    ),
    "eye": Hint(
        "chelsea",
        "#5a8a2f",
        13,
        ((34, 36), (36, 44)),
        ((30, 38), (32, 32), (38, 28.5), (43, 31), (46, 37), (46, 44), (42, 48.5), (36, 48), (32, 44)),
    ),
}


def draw_layer(hint: Hint, height: int, width: int) -> np.ndarray:
    """Draws the stroke of a hint on a transparent layer, `(height, width, 4) uint8`."""
    layer = Image.new("RGBA", (width, height))
    ImageDraw.Draw(layer).line(_scale(hint.stroke, height, width), fill=hint.color, width=hint.width)
    return np.asarray(layer)


def draw_object(hint: Hint, height: int, width: int) -> np.ndarray:
    """Draws the mask of the object under a hint, `(height, width) bool`."""
    mask = Image.new("1", (width, height))
    ImageDraw.Draw(mask).polygon(_scale(hint.outline, height, width), fill=1)
    return np.asarray(mask)


def _scale(points: Points, height: int, width: int) -> list[tuple[float, float]]:
    return [(x * width / 100, y * height / 100) for x, y in points]
