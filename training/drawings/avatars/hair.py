"""Hair behind the head, over the shoulders, and close to the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.sketch.colors import Color, mix
from training.drawings.avatars.canvas import Canvas, shade
from training.drawings.avatars.curves import (
    Points,
    arc,
    ellipse,
    make_smooth_curve,
    make_symmetric,
    mirror,
    translate,
)
from training.drawings.avatars.head import Head
from training.drawings.avatars.looks import Look


@dataclass(frozen=True)
class Cut:
    """Hair close to the head.

    Attributes:
        side, top: how far it stands off, in units.
        low: where it ends before the ears, as a share of the height below the center.
        line: the hairline from the right to its middle, or to the left if `parted`, as shares of width and
            height around the center.
        parted: whether it falls to the side that the look says.
        skin: how much skin is seen through it.
        shine: height of its highlight, as a share of the height; 0 for none.
    """

    side: float
    top: float
    low: float
    line: tuple[tuple[float, float], ...]
    parted: bool = False
    skin: float = 0.0
    shine: float = 0.72


# fmt: off
_EVEN = ((0.86, -0.3), (0.66, -0.6), (0, -0.66))
_SIDE = ((0.84, -0.22), (0.74, -0.42), (0.3, -0.44), (-0.1, -0.5), (-0.48, -0.7), (-0.74, -0.46),
         (-0.86, -0.2))
_SWEPT = ((0.82, 0.1), (0.8, -0.2), (0.5, -0.4), (0, -0.54), (-0.42, -0.72), (-0.7, -0.4), (-0.82, 0.1))
_MIDDLE = ((0.82, 0.2), (0.8, -0.15), (0.56, -0.42), (0.14, -0.66), (0, -0.78))
_TIED = ((0.88, -0.12), (0.74, -0.46), (0.4, -0.62), (0, -0.68))
_CUTS = {
    "buzz": Cut(0.3, 0.5, -0.05, _EVEN, skin=0.22, shine=0),
    "mohawk": Cut(0.2, 0.3, -0.05, _EVEN, skin=0.6, shine=0),
    "parted": Cut(0.9, 2.4, 0.08, _SIDE, parted=True),
    "quiff": Cut(0.4, 0.6, 0.02, ((0.86, -0.2), (0.74, -0.5), (0.3, -0.6), (0, -0.6))),
    "curls": Cut(0.6, 1.0, 0.05, ((0.86, -0.25), (0.6, -0.55), (0, -0.6)), shine=0),
    "bowl": Cut(1.8, 2.0, 0.12, ((0.9, -0.08), (0.7, -0.26), (0, -0.3)), shine=0.8),
    "fringe": Cut(2.2, 2.4, 0.3, ((0.8, 0.1), (0.78, -0.3), (0.5, -0.36), (0, -0.38))),
    "bob": Cut(2.0, 2.2, 0.3, _SWEPT, parted=True),
    "waves": Cut(2.0, 2.2, 0.3, _SWEPT, parted=True),
    "long": Cut(2.0, 1.9, 0.35, _MIDDLE),
    "bunches": Cut(2.0, 1.9, 0.35, _MIDDLE),
    "bun": Cut(0.7, 1.2, 0.02, _TIED, shine=0.8),
    "tail": Cut(0.7, 1.2, 0.02, _TIED, shine=0.8),
}
# fmt: on
_HANGING = frozenset({"long", "waves", "fringe", "bob"})


def shine_color(color: Color) -> Color:
    """Returns the color of shining hair."""
    return mix(color, (255, 236, 214), 0.17)


def _hair_end(look: Look) -> float:
    """Returns the distance of the hair's ends below the center of the head, in units."""
    return -6 + 40 * look.length


def draw_behind(canvas: Canvas, look: Look, head: Head) -> None:
    """Draws the hair behind the shoulders."""
    w, h, low, dark = head.width, head.height, _hair_end(look), shade(look.hair, 1.15)
    if look.style in _HANGING:
        canvas.fill(_long_hair_outline(look, head), dark)
    elif look.style == "bun":
        canvas.fill_shaded(ellipse(0, -h - 1.6, 6, 5), look.hair)
    elif look.style == "tail":
        root = [(w + 0.5, -0.1 * h), (0.5 * w, -0.7 * h), (w + 4.5, -0.5 * h)]
        tail = make_smooth_curve([*root, (w + 7.5, 0.15 * h), (w + 4.8, low), (w + 2.6, 0.35 * h)])
        canvas.fill_shaded(tail * (look.side, 1), dark)
    elif look.style == "bunches":
        root = [(w + 0.6, 0.5 * low), (w - 1, -0.2 * h), (w + 5.4, -0.1 * h)]
        bunch = make_smooth_curve([*root, (w + 6.4, 0.5 * low), (w + 3.2, low)])
        for side in (-1, 1):
            canvas.fill_shaded(bunch * (side, 1), dark)
            canvas.draw_dot(side * (w + 1.6), -0.12 * h, 1.9, look.trim)


def _long_hair_outline(look: Look, head: Head) -> Points:
    """Returns the outline of long hair, from the crown to its ends on both sides."""
    w, h, low = head.width, head.height, _hair_end(look)
    wide = w + 2.4 + 1.4 * look.length
    over = arc(0, -0.1 * h, wide - 0.6, 0.9 * h + 1.4, -90, 0, 6)
    if look.style == "waves":
        rows = np.linspace(0.1 * h, low, 5)
        ends = [(wide + 0.8 + 1.4 * (-1) ** n, y) for n, y in enumerate(rows)] + [(wide - 4, low + 2)]
    else:
        ends = [(wide, 0.3 * h), (wide + 0.6, 0.7 * low), (wide - 0.2, low - 0.5), (wide - 3.5, low + 1.2)]
    return make_smooth_curve(make_symmetric([*over.tolist(), *ends]), steps=4)


def draw_strands(canvas: Canvas, look: Look, head: Head) -> None:
    """Draws the hair over the shoulders, on both sides of the neck."""
    if look.style not in _HANGING - {"bob"}:
        return
    curtain, low, inner = _long_hair_outline(look, head), _hair_end(look), 0.62 * head.width
    part = np.array([(inner, -4), (inner, low - 3), (inner + 3, low + 4), (40, low + 4), (40, -4)])
    for side in (-1, 1):
        with canvas.inside(part * (side, 1)), canvas.part("strands"):
            canvas.fill(curtain, shade(look.hair, 0.75 if side < 0 else 1.15))


def draw_close(canvas: Canvas, look: Look, head: Head) -> None:
    """Draws the hair close to the head, or the shine of a bald one."""
    if look.style == "bald":
        shine = arc(-0.12 * head.width, 0, 0.66 * head.width, 0.82 * head.height, 218, 262, 12)
        with canvas.part("shine"):
            canvas.draw_line(shine, mix(look.skin, (255, 250, 240), 0.4), 1.8, 0.8)
    elif look.style in _CUTS:
        cut = _CUTS[look.style]
        outline = _close_hair_outline(look, head, cut)
        if cut.shine:
            fill_glossy(canvas, look, head, outline, cut.shine)
        else:
            canvas.fill(outline, mix(look.hair, look.skin, cut.skin))


def _close_hair_outline(look: Look, head: Head, cut: Cut) -> Points:
    w, h = head.width, head.height
    top = min(cut.top, 1.0) if look.hat else cut.top
    over = arc(0, -0.08 * h, w + cut.side, 0.92 * h + top, 180, 360, 26)
    line = np.array(cut.line)
    if not cut.parted:
        line = np.concatenate([line, mirror(line[-2::-1])])
    elif look.side > 0:
        line = mirror(line[::-1])
    end = np.array([(w + cut.side * 0.8, cut.low * h)])
    foot = w * 0.9, cut.low * h
    knots = translate(line * (w, h), 0.8 * head.ahead)
    inner = make_smooth_curve([foot, *knots, (-foot[0], foot[1])], closed=False, steps=6)
    return np.concatenate([over, end, inner, mirror(end)])


def fill_glossy(canvas: Canvas, look: Look, head: Head, outline: Points, up: float = 0.72) -> None:
    """Fills hair with shade at one side and a highlight."""
    canvas.fill(outline, shade(look.hair, 0.8))
    with canvas.inside(outline):
        canvas.fill(translate(outline, -2, -0.6), look.hair)
        shine = arc(-0.1 * head.width, 0, 0.72 * head.width, up * head.height + 1.6, 205, 268, 14)
        canvas.draw_line(shine, shine_color(look.hair), 2, 0.8)
