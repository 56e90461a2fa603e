"""Facial features: eyes, brows, nose, mouth and beard."""

from __future__ import annotations

import numpy as np

from studio.sketch.colors import Color, mix
from training.drawings.avatars.canvas import Canvas, shade
from training.drawings.avatars.curves import (
    Points,
    arc,
    ellipse,
    make_smooth_curve,
    make_symmetric,
    translate,
)
from training.drawings.avatars.head import Head, line_color
from training.drawings.avatars.looks import Look

WHITE: Color = (252, 252, 250)
INK: Color = (38, 26, 30)
GUM: Color = (122, 32, 44)
TONGUE: Color = (232, 112, 116)


def draw_eyes(canvas: Canvas, look: Look, head: Head) -> None:
    """Draws both eyes with one gaze, lids and lashes."""
    across, down = look.eye
    for side in (-1, 1):
        x = head.ahead + side * look.eye_gap * head.width
        white = ellipse(x, head.eyes, across, down)
        canvas.fill(white, WHITE)
        with canvas.inside(white):
            middle = x + look.gaze[0] - 0.15 * side, head.eyes + look.gaze[1]
            radius = min(across, down) * 0.76
            with canvas.part("iris"):
                canvas.draw_dot(*middle, radius, look.iris)
            with canvas.part("pupil"):
                canvas.draw_dot(*middle, radius * 0.58, INK)
            if look.lids:
                lid = ellipse(x, head.eyes - down * (2.2 - 1.7 * look.lids), across * 1.5, down * 1.3)
                canvas.fill(lid, shade(look.skin, 0.7))
        with canvas.part("shine"):
            canvas.draw_dot(middle[0] - 0.55, middle[1] - 0.75, 0.62, WHITE)
        dark = INK if look.lashes else line_color(look.skin)
        canvas.draw_line(
            arc(x, head.eyes + 0.1, across, down, 195, 345, 14), dark, 1.15 if look.lashes else 0.75, 0.5
        )
        if look.lashes:
            tip = np.array(
                [(x + side * (across - 0.5), head.eyes - 1), (x + side * (across + 1.1), head.eyes - 2.1)]
            )
            canvas.draw_line(tip, INK, 0.9)


def draw_brows(canvas: Canvas, look: Look, head: Head) -> None:
    """Draws the brows, which match the mouth: their inner ends rise if it is sad."""
    color = shade(look.hair, 0.7) if look.style != "bald" else line_color(look.skin)
    if sum(look.hair) > 560:
        color = shade(look.hair, 1.9)
    sad = np.clip(-look.smile, 0, 1)
    for side in (-1, 1):
        x = head.ahead + side * look.eye_gap * head.width
        inner = look.brow * 0.8 - 1.7 * sad
        lift = 0.5 * look.brow - 0.7 * look.mouth_open
        knots = [(x - side * 2.9, inner + 0.4), (x, -0.9 + 0.2 * sad), (x + side * 3.1, 0.7 + 0.8 * sad)]
        points = make_smooth_curve(translate(knots, 0, head.brows + lift), closed=False)
        canvas.draw_line(points, color, 1.1 if look.lashes else 1.6, 0.45)


def draw_nose(canvas: Canvas, look: Look, head: Head) -> None:
    """Draws one of a few simple noses."""
    x, y, dark = 1.25 * head.ahead, head.nose, shade(look.skin, 1.35)
    if look.nose == "bow":
        canvas.draw_line(arc(x, y - 0.8, 1.9, 1.7, 15, 165, 12), dark, 1)
    elif look.nose == "button":
        canvas.fill(ellipse(x, y, 2.3, 1.8), shade(look.skin, 0.8))
        canvas.fill(ellipse(x - 0.4, y - 0.4, 1.6, 1.2), look.skin)
    elif look.nose == "slope":
        side = 1 if head.ahead >= 0 else -1
        points = translate(np.array([(-0.6, -4), (1.7, 0.6), (-0.8, 1.1)]) * (side, 1), x, y)
        canvas.draw_line(make_smooth_curve(points, closed=False), dark, 0.95)
    else:
        for side in (-1, 1):
            canvas.draw_dot(x + 0.95 * side, y + 0.4, 0.5, dark)


def draw_mouth(canvas: Canvas, look: Look, head: Head) -> None:
    """Draws the mouth, from sad to a wide smile, closed or open."""
    smile, x, y = look.smile, 1.1 * head.ahead, head.mouth + 0.5
    half = 3.3 + 1.9 * max(smile, 0) + 0.5 * abs(smile)
    corners = y - 1.5 * smile
    line = make_smooth_curve(
        [(x - half, corners), (x, y + 1.3 * smile), (x + half, corners)], closed=False, steps=9
    )
    if look.mouth_open and smile > 0.1:
        _draw_laugh(canvas, look, x, corners, half * 0.95)
    elif look.mouth_open:
        lips = ellipse(x, y + 0.4, 1.7 + 0.8 * look.mouth_open, 1.5 + 1.1 * look.mouth_open)
        canvas.fill(_expand(lips, 0.8), _lip_color(look))
        canvas.fill(lips, GUM)
    elif look.lips:
        bow = [(-half, corners), (-1.4, y - 1.7 + smile), (0, y - 1 + smile), (1.4, y - 1.7 + smile)]
        bow += [(half, corners), (0, y + 2.2 + 1.3 * smile)]
        canvas.fill(translate(make_smooth_curve(bow), x), _lip_color(look))
        canvas.draw_line(line, shade(_lip_color(look), 1.7), 0.6, 0.6)
    else:
        hidden = look.beard == "full"  # a dark line would be lost in it
        canvas.draw_line(
            line,
            _lip_color(look) if hidden else mix(line_color(look.skin), GUM, 0.3),
            1.7 if hidden else 1.25,
            0.3,
        )


def _draw_laugh(canvas: Canvas, look: Look, x: float, top: float, half: float) -> None:
    """Draws an open mouth with teeth above and the tongue below."""
    deep = (1.6 + 3 * look.smile) * (0.7 + 0.4 * look.mouth_open)
    upper = [(-half, top), (0, top + 0.9), (half, top)]
    lower = [(half * 0.62, top + deep * 0.78), (0, top + deep + 0.7), (-half * 0.62, top + deep * 0.78)]
    mouth = translate(make_smooth_curve(upper + lower), x)
    canvas.fill(
        _expand(mouth, 0.85 if look.lips else 0.45), _lip_color(look) if look.lips else line_color(look.skin)
    )
    canvas.fill(mouth, GUM)
    with canvas.inside(mouth):
        canvas.fill(ellipse(x, top + deep + 1, half * 0.6, deep * 0.45), TONGUE)
        canvas.fill(ellipse(x, top - 0.2, half * 1.05, 0.9 + deep * 0.36), WHITE)


def _lip_color(look: Look) -> Color:
    return mix(mix(look.skin, (150, 44, 52), 0.45), (206, 40, 72), look.lips * 0.75)


def _expand(outline: Points, margin: float) -> Points:
    """Expands an outline from its center."""
    middle = (outline.max(0) + outline.min(0)) / 2
    away = outline - middle
    return outline + away / (np.hypot(away[:, 0], away[:, 1])[:, None] + 1e-9) * margin


def draw_beard(canvas: Canvas, look: Look, head: Head) -> None:
    """Draws beards and moustaches, below the mouth."""
    color, y = shade(look.hair, 0.35), head.mouth
    if look.beard == "stubble":
        canvas.tint(_beard_outline(head, 1.0), look.hair, 0.26)
    elif look.beard == "full":
        canvas.fill(_beard_outline(head, 1.06), color)
    elif look.beard == "goatee":
        chin = make_symmetric(
            [(0, y + 2.4), (3.4, y + 2.2), (4, head.height * 0.9), (1.8, head.height + 1.6)]
        )
        canvas.fill(translate(make_smooth_curve(chin), head.ahead), color)
    if look.beard in ("moustache", "goatee"):
        wide = 6.2 if look.beard == "moustache" else 5
        lobe = [(0, y - 2.7), (2.4, y - 3.2), (wide, y - 0.8), (wide + 0.6, y - 0.8), (2.2, y - 0.4)]
        canvas.fill(
            translate(make_smooth_curve(make_symmetric([*lobe, (0, y - 1)]), steps=5), head.ahead), color
        )


def _beard_outline(head: Head, longer: float) -> Points:
    """Returns the outline of a full beard, from ear to ear, below the cheeks and above the upper lip."""
    w, y = head.width, head.mouth
    jaw = head.outline[head.outline[:, 1] > 0.06 * head.height]
    upper = [(w * 0.84, head.eyes + 1), (w * 0.74, y - 4.2), (w * 0.48, y - 2.6), (0.14 * w, y - 3.1)]
    lip = make_smooth_curve(make_symmetric(upper)[::-1], closed=False, steps=5)
    return np.concatenate([jaw * (1, longer), translate(lip, head.ahead)])
