"""Shoulders, neck and collar."""

from __future__ import annotations

import numpy as np

from studio.sketch.colors import mix
from training.drawings.avatars.canvas import Canvas, shade
from training.drawings.avatars.curves import (
    arc,
    ellipse,
    make_smooth_curve,
    make_symmetric,
    mirror,
    translate,
)
from training.drawings.avatars.head import CENTER, Head
from training.drawings.avatars.looks import Look


def draw(canvas: Canvas, look: Look, head: Head) -> None:
    """Draws shoulders, neck and collar, in the frame of the image."""
    x, y = CENTER
    thick = 0.42 * head.width
    wide = 21 + 0.3 * (head.width - 14)
    half = [(thick + 0.5, 50), (thick + 4, 51.8), (wide - 3, 54.5), (wide, 58), (wide + 1.6, 70)]
    torso = translate(make_smooth_curve(make_symmetric([(0, 50), *half]), steps=5), x)
    canvas.fill_shaded(torso, look.cloth, (-1.5, 0.5))
    if look.stripes:
        with canvas.inside(torso), canvas.part("stripes"):
            for level in (57.7, 62.7):
                canvas.draw_line(np.array([(0, level), (64, level)]), look.trim, 2.4)
    neck = translate([(-thick, 40), (thick, 40), (thick + 0.4, 52), (0, 55.5), (-thick - 0.4, 52)], x)
    if look.collar == "hood":
        canvas.fill_shaded(ellipse(x, 51.5, thick + 9, 6), shade(look.cloth, 0.6))
    if look.collar == "vee":
        canvas.fill(translate([(-thick - 2, 50), (thick + 2, 50), (0, 61)], x), look.skin)
    with canvas.part("neck"):
        canvas.fill(neck, look.skin)
        with canvas.inside(neck):
            canvas.fill(translate(head.outline, x + 0.5, y + 3.3), shade(look.skin, 1.15))
    _COLLARS[look.collar](canvas, look, thick, x)


def _draw_crew_neck(canvas: Canvas, look: Look, thick: float, x: float) -> None:
    canvas.draw_line(arc(x, 50.5, thick + 1.4, 5.8, 5, 175), look.trim, 1.9)


def _draw_v_neck(canvas: Canvas, look: Look, thick: float, x: float) -> None:
    points = translate([(-thick - 2.2, 50.5), (0, 61), (thick + 2.2, 50.5)], x)
    canvas.draw_line(points[:2], look.trim, 1.8)
    canvas.draw_line(points[1:], look.trim, 1.8)


def _draw_shirt_collar(canvas: Canvas, look: Look, thick: float, x: float) -> None:
    wing = np.array([(-thick - 1, 48.6), (0, 55.2), (-4.6, 60), (-thick - 4, 53)])
    color = mix(look.cloth, (255, 255, 255), 0.45)
    canvas.fill(translate(wing, x), color)
    canvas.fill(translate(mirror(wing), x), shade(color, 0.4))
    for level in (59.2, 62.6):
        canvas.draw_dot(x, level, 0.7, color)


def _draw_hood(canvas: Canvas, look: Look, thick: float, x: float) -> None:
    canvas.draw_line(arc(x, 50, thick + 2.6, 6.4, 0, 180), shade(look.cloth, 0.45), 3)
    for side in (-1, 1):
        string = np.array([(x + 3.2 * side, 56.4), (x + 3.5 * side, 61.5)])
        canvas.draw_line(string, mix(look.trim, (255, 255, 255), 0.5), 0.9)


def _draw_roll_neck(canvas: Canvas, look: Look, thick: float, x: float) -> None:
    half = [(0.6 * thick, 47.6), (thick + 1.2, 47.8), (thick + 1.7, 51), (thick + 1.9, 54.4)]
    canvas.fill_shaded(
        translate(make_smooth_curve(make_symmetric([*half, (0.6 * thick, 55.6)]), steps=4), x), look.cloth
    )
    canvas.draw_line(arc(x, 51, thick + 1.5, 2.4, 12, 168), shade(look.cloth, 0.9), 0.7)


_COLLARS = {
    "crew": _draw_crew_neck,
    "vee": _draw_v_neck,
    "shirt": _draw_shirt_collar,
    "hood": _draw_hood,
    "roll": _draw_roll_neck,
}
