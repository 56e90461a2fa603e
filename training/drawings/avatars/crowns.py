"""Hair that stands off the head: quiffs, spikes, curls, an afro, a mohawk, and the tie of a bun."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from training.drawings.avatars.canvas import Canvas, shade
from training.drawings.avatars.curves import (
    arc,
    ellipse,
    make_smooth_curve,
    make_symmetric,
    mirror,
    translate,
)
from training.drawings.avatars.hair import fill_glossy, shine_color
from training.drawings.avatars.head import Head
from training.drawings.avatars.looks import Look

# Shares of the head's width and height around its center.
# fmt: off
_TUFT = np.array([(-0.8, -0.5), (-0.88, -0.82), (-0.5, -1), (0.1, -1.12), (0.66, -1.16), (0.98, -0.92),
                  (0.86, -0.6), (0.3, -0.58), (-0.2, -0.64)])
_JAGGED = np.array([(0.9, 0), (0.84, -0.36), (0.6, -0.62), (0.42, -0.4), (0.16, -0.66), (-0.1, -0.4),
                    (-0.36, -0.66), (-0.58, -0.44), (-0.84, -0.4), (-0.9, 0)])
# fmt: on
_RISE = np.array([0, 0, 0.3, 0.7, 1, 0.5, 0, 0, 0])  # of the tuft: highest over one temple
_COMBED = np.array([(-0.6, -0.74), (0.1, -1.02), (0.72, -1.08)])
_ROUND = np.array([(0.84, -0.25), (0.6, -0.54), (0, -0.62)])


def draw(canvas: Canvas, look: Look, head: Head, rng: np.random.Generator) -> None:
    """Draws the part of a hair style that stands off the head, if any."""
    if look.style in _CROWNS:
        _CROWNS[look.style](canvas, look, head, rng)


def _draw_quiff(canvas: Canvas, look: Look, head: Head, rng: np.random.Generator) -> None:
    size, side = (head.width, head.height), (look.side, 1)
    rise = _RISE[:, None] * (0, -2 - 9 * look.length)
    tuft = translate(make_smooth_curve((_TUFT * size + rise) * side), 0.7 * head.ahead)
    canvas.fill_shaded(tuft, look.hair)
    with canvas.inside(tuft):
        for low in (0, 3.2):
            strand = make_smooth_curve(translate(_COMBED * size, 0, low) * side, closed=False)
            canvas.draw_line(strand, shine_color(look.hair), 1.3, 0.8)


def _draw_spikes(canvas: Canvas, look: Look, head: Head, rng: np.random.Generator) -> None:
    w, h, count = head.width, head.height, 15
    tall = 2.5 + 11 * look.length + rng.uniform(-0.8, 0.8, count)
    far = np.where(np.arange(count) % 2, tall, 0.4)[:, None]
    crown = translate(arc(0, 0, 1, 1, 186, 354, count) * ((w, 0.94 * h) + far * (0.75, 1)), 0, -0.06 * h)
    fill_glossy(canvas, look, head, np.concatenate([crown, translate(_JAGGED * (w, h), 0.7 * head.ahead)]))


def _draw_curls(canvas: Canvas, look: Look, head: Head, rng: np.random.Generator) -> None:
    w, h, size = head.width, head.height, 2.6 + 4 * look.length
    outer = [(*point, shade(look.hair, 0.8)) for point in arc(0, -0.12 * h, 1.02 * w, 0.9 * h, 178, 362, 11)]
    inner = [(*point, look.hair) for point in arc(0, -0.12 * h, 0.78 * w, 0.68 * h, 178, 362, 8)[1:-1]]
    for x, y, color in outer + [curl for curl in inner if curl[1] < -0.42 * h]:
        if look.hat and y < -0.4 * h:
            continue
        wide = size * rng.uniform(0.9, 1.12)
        canvas.draw_dot(x + 0.5 * head.ahead, y, wide, color)
        with canvas.part("shine"):
            canvas.draw_line(
                arc(x, y, wide * 0.55, wide * 0.55, 190, 300, 7), shine_color(look.hair), 0.8, 0.5
            )


def _draw_afro(canvas: Canvas, look: Look, head: Head, rng: np.random.Generator) -> None:
    w, h = head.width, head.height
    size = w * (0.9 + 0.85 * look.length), h * (0.8 + 0.6 * look.length)
    line = translate(np.concatenate([_ROUND, mirror(_ROUND[-2::-1])]) * (w, h), 0.8 * head.ahead)
    inner = make_smooth_curve([(0.93 * w, 0.12 * h), *line, (-0.93 * w, 0.12 * h)], closed=False)
    outline = np.concatenate([arc(0, -0.24 * h, *size, 150, 390, 40), inner])
    canvas.fill(outline, shade(look.hair, 0.5))
    with canvas.inside(outline):
        canvas.fill(ellipse(-1.8, -0.24 * h - 1.2, *size, 40), look.hair)


def _draw_mohawk(canvas: Canvas, look: Look, head: Head, rng: np.random.Generator) -> None:
    w, h, tall = head.width, head.height, 2 + 12 * look.length
    half = [(0, -h - tall), (0.2 * w, -h - 0.9 * tall), (0.36 * w, -0.95 * h), (0.26 * w, -0.62 * h)]
    canvas.fill_shaded(
        translate(make_smooth_curve(make_symmetric([*half, (0, -0.52 * h)])), 0.5 * head.ahead), look.hair
    )


def _draw_hair_tie(canvas: Canvas, look: Look, head: Head, rng: np.random.Generator) -> None:
    canvas.draw_line(arc(0, -head.height - 0.4, 3.6, 1.2, 20, 160, 8), look.trim, 1.3)


_CROWNS: dict[str, Callable[[Canvas, Look, Head, np.random.Generator], None]] = {
    "quiff": _draw_quiff,
    "spikes": _draw_spikes,
    "curls": _draw_curls,
    "afro": _draw_afro,
    "mohawk": _draw_mohawk,
    "bun": _draw_hair_tie,
}
