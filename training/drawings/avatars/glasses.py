"""Glasses."""

from __future__ import annotations

import numpy as np

from studio.sketch.colors import mix
from training.drawings.avatars.canvas import Canvas
from training.drawings.avatars.curves import arc, ellipse, make_smooth_curve, translate
from training.drawings.avatars.head import Head
from training.drawings.avatars.looks import Look

_CAT = [(-3.4, -2.6), (1.5, -2.9), (5.2, -4.3), (4.3, -0.2), (2.6, 2.6), (-1.8, 2.7), (-3.9, 0.6)]
_SQUARE = [(-3.9, -2.5), (-2.6, -3.1), (2.6, -3.1), (3.9, -2.5), (4, 2), (2.8, 3.1), (-2.8, 3.1), (-4, 2)]


def draw(canvas: Canvas, look: Look, head: Head) -> None:
    """Draws two lenses over the eyes, a bridge, and temples to the ears."""
    if not look.glasses:
        return
    gap, level = look.eye_gap * head.width, head.eyes + 0.2
    grow = max(1.0, 0.3 + look.eye[1] / 4)
    for side in (-1, 1):
        x = head.ahead + side * gap
        shape = {
            "round": ellipse(0, 0, 4, 4, 28),
            "square": make_smooth_curve(_SQUARE, steps=4),
            "cat": make_smooth_curve(_CAT, steps=4) * (side, 1),
            "dark": make_smooth_curve(_SQUARE, steps=4) * (1.03, 0.95),
        }[look.glasses]
        lens = translate(shape * (min(1.06, (gap - 0.4) / 5.6), grow), x, level)
        edge = x + side * 3.6
        canvas.draw_line(
            np.array([(edge, level - 1.2), (side * 0.95 * head.width, level - 1.6)]), look.frame, 1.1
        )
        if look.glasses == "dark":
            canvas.fill(lens, mix(look.frame, (30, 30, 40), 0.75))
            with canvas.inside(lens):
                canvas.draw_line(np.array([(x - 2.6, level + 3), (x + 1.2, level - 4)]), (104, 108, 124), 1.5)
        else:
            canvas.tint(lens, (255, 255, 255), 0.1)
            closed = np.concatenate([lens, lens[:2]])
            canvas.draw_line(closed, look.frame, 1.15)
    inner = gap - 3.7
    canvas.draw_line(arc(head.ahead, level - 0.2, max(inner, 1), 1.4, 200, 340, 8), look.frame, 1.1)
