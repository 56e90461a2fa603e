"""Shoulders, neck and collar."""

from __future__ import annotations

import numpy as np

from studio.sketch.colors import mix
from training.drawings.avatars.curves import arc, both, ellipse, mirrored, moved, smooth
from training.drawings.avatars.head import CENTER, Head
from training.drawings.avatars.looks import Look
from training.drawings.avatars.pen import Pen, shade


def draw(pen: Pen, look: Look, head: Head) -> None:
    """Shoulders, neck and collar, in the frame of the sheet."""
    x, y = CENTER
    thick = 0.42 * head.width
    wide = 21 + 0.3 * (head.width - 14)
    half = [(thick + 0.5, 50), (thick + 4, 51.8), (wide - 3, 54.5), (wide, 58), (wide + 1.6, 70)]
    torso = moved(smooth(both([(0, 50), *half]), steps=5), x)
    pen.lit(torso, look.cloth, (-1.5, 0.5))
    if look.stripes:
        with pen.inside(torso), pen.part("stripes"):
            for level in (57.7, 62.7):
                pen.line(np.array([(0, level), (64, level)]), look.trim, 2.4)
    neck = moved([(-thick, 40), (thick, 40), (thick + 0.4, 52), (0, 55.5), (-thick - 0.4, 52)], x)
    if look.collar == "hood":
        pen.lit(ellipse(x, 51.5, thick + 9, 6), shade(look.cloth, 0.6))
    if look.collar == "vee":
        pen.fill(moved([(-thick - 2, 50), (thick + 2, 50), (0, 61)], x), look.skin)
    with pen.part("neck"):
        pen.fill(neck, look.skin)
        with pen.inside(neck):
            pen.fill(moved(head.outline, x + 0.5, y + 3.3), shade(look.skin, 1.15))
    _COLLARS[look.collar](pen, look, thick, x)


def _crew(pen: Pen, look: Look, thick: float, x: float) -> None:
    pen.line(arc(x, 50.5, thick + 1.4, 5.8, 5, 175), look.trim, 1.9)


def _vee(pen: Pen, look: Look, thick: float, x: float) -> None:
    points = moved([(-thick - 2.2, 50.5), (0, 61), (thick + 2.2, 50.5)], x)
    pen.line(points[:2], look.trim, 1.8)
    pen.line(points[1:], look.trim, 1.8)


def _shirt(pen: Pen, look: Look, thick: float, x: float) -> None:
    wing = np.array([(-thick - 1, 48.6), (0, 55.2), (-4.6, 60), (-thick - 4, 53)])
    color = mix(look.cloth, (255, 255, 255), 0.45)
    pen.fill(moved(wing, x), color)
    pen.fill(moved(mirrored(wing), x), shade(color, 0.4))
    for level in (59.2, 62.6):
        pen.dot(x, level, 0.7, color)


def _hood(pen: Pen, look: Look, thick: float, x: float) -> None:
    pen.line(arc(x, 50, thick + 2.6, 6.4, 0, 180), shade(look.cloth, 0.45), 3)
    for side in (-1, 1):
        string = np.array([(x + 3.2 * side, 56.4), (x + 3.5 * side, 61.5)])
        pen.line(string, mix(look.trim, (255, 255, 255), 0.5), 0.9)


def _roll(pen: Pen, look: Look, thick: float, x: float) -> None:
    half = [(0.6 * thick, 47.6), (thick + 1.2, 47.8), (thick + 1.7, 51), (thick + 1.9, 54.4)]
    pen.lit(moved(smooth(both([*half, (0.6 * thick, 55.6)]), steps=4), x), look.cloth)
    pen.line(arc(x, 51, thick + 1.5, 2.4, 12, 168), shade(look.cloth, 0.9), 0.7)


_COLLARS = {"crew": _crew, "vee": _vee, "shirt": _shirt, "hood": _hood, "roll": _roll}
