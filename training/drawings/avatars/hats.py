"""Hats."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.sketch.colors import mix
from training.drawings.avatars.canvas import Canvas, shade
from training.drawings.avatars.curves import (
    Points,
    arc,
    ellipse,
    make_smooth_curve,
    make_symmetric,
    translate,
)
from training.drawings.avatars.head import Head
from training.drawings.avatars.looks import Look

# Shares of the head's width and height around its center; of all but the beret the right half.
# fmt: off
_BAND = np.array([(0, -0.72), (0.6, -0.7), (1.02, -0.58), (1.04, -0.34), (0.6, -0.38), (0, -0.4)])
_PEAK = np.array([(0, -0.62), (0.5, -0.6), (0.92, -0.44), (1.02, -0.22), (0.6, -0.3), (0, -0.34)])
_BERET = np.array([(-1.12, -0.5), (-1.2, -0.82), (-0.5, -1.2), (0.4, -1.22), (1.34, -0.98), (1.46, -0.66),
                   (1, -0.48), (0, -0.56)])
_STALK = np.array([(0.1, -1.15), (0.2, -1.36)])
_CROWN = np.array([(0, -1.26), (0.5, -1.32), (0.84, -1.16), (0.98, -0.6), (0, -0.52)])
_RIBBON = np.array([(0, -0.78), (0.95, -0.82), (1, -0.56), (0, -0.5)])
_BRIM = np.array([(0, -0.66), (0.9, -0.68), (1.6, -0.62), (1.58, -0.5), (0.8, -0.42), (0, -0.4)])
# fmt: on
# In units above the head.
_CONE_OUTLINE = np.array([(0, -8.6), (7.4, 1.6), (4, 3), (0, 3.4), (-4, 3), (-7.4, 1.6)])


def draw(canvas: Canvas, look: Look, head: Head) -> None:
    """Draws the hat of a look, if it has one."""
    if look.hat:
        _HATS[look.hat](canvas, look, head)


def _dome_outline(head: Head, wide: float, top: float, low: float) -> Points:
    """Returns the crown of a hat, down to a share `low` of the height above the center."""
    w, h = head.width + wide, head.height
    over = arc(0, -low * h, w, (1 - low) * h + top, 180, 360, 26)
    return np.concatenate([over, arc(0, -low * h, w, 1.6, 0, 180, 12)[1:-1]])


def _draw_beanie(canvas: Canvas, look: Look, head: Head) -> None:
    h = head.height
    if look.stripes:
        canvas.fill_shaded(ellipse(0, -h - 4.2, 3.6, 3.4), look.trim, (-1, -0.8))
    canvas.fill_shaded(_dome_outline(head, 1.5, 3.6, 0.5), look.hat_color)
    band = make_smooth_curve(make_symmetric(_BAND * (head.width + 1.7, h)), steps=4)
    canvas.fill_shaded(band, mix(look.hat_color, (255, 255, 255), 0.28))


def _draw_cap(canvas: Canvas, look: Look, head: Head) -> None:
    """Draws a cap with its peak in the direction of the face."""
    w, h = head.width + 1.2, head.height
    canvas.fill_shaded(_dome_outline(head, 1.2, 2.8, 0.46), look.hat_color)
    canvas.draw_dot(0, -h - 2.5, 1.2, shade(look.hat_color))
    canvas.fill_shaded(ellipse(0.8 * head.ahead, -0.86 * h, 3.2, 2.7), look.trim, (-0.7, -0.6))
    peak = translate(make_smooth_curve(make_symmetric(_PEAK * (w, h)), steps=4), 2 * head.ahead)
    canvas.fill(peak, shade(look.hat_color, 1.9))
    with canvas.inside(peak):
        canvas.fill(translate(peak, 0, -1.3), mix(look.hat_color, (255, 255, 255), 0.16))


def _draw_beret(canvas: Canvas, look: Look, head: Head) -> None:
    size = np.array((head.width * look.side, head.height))
    canvas.draw_line(_STALK * size, shade(look.hat_color), 1.5)
    canvas.fill_shaded(make_smooth_curve(_BERET * size), look.hat_color)
    rim = arc(0, -0.42 * head.height, 0.98 * head.width, 0.22 * head.height, 190, 350, 16)
    canvas.draw_line(rim, shade(look.hat_color, 1.6), 1.5)


def _draw_brimmed_hat(canvas: Canvas, look: Look, head: Head) -> None:
    size = head.width, head.height
    canvas.fill_shaded(make_smooth_curve(make_symmetric(_CROWN * size), steps=5), look.hat_color)
    canvas.fill(make_symmetric(_RIBBON * size), look.trim)
    canvas.fill_shaded(make_smooth_curve(make_symmetric(_BRIM * size), steps=5), look.hat_color, (-0.6, -1.1))


def _draw_cone(canvas: Canvas, look: Look, head: Head) -> None:
    x, y = 2.2 * look.side, 1.6 - head.height
    cone = translate(_CONE_OUTLINE, x, y)
    canvas.fill_shaded(cone, look.hat_color)
    with canvas.inside(cone):
        for level in (-4.6, -0.6):
            canvas.draw_line(translate([(-9, level + 4), (9, level)], x, y), look.trim, 1.8)
    canvas.draw_dot(x, y - 8.4, 2.2, look.trim)


_HATS: dict[str, Callable[[Canvas, Look, Head], None]] = {
    "beanie": _draw_beanie,
    "cap": _draw_cap,
    "beret": _draw_beret,
    "brim": _draw_brimmed_hat,
    "cone": _draw_cone,
}
