"""Simulates drawings with a mouse: wobbly, broken, thick or thin, with displaced parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from studio.sketch.parts import TONES
from studio.sketch.settings import Kind
from training.drawings.avatars.canvas import UNITS
from training.drawings.avatars.curves import ellipse
from training.drawings.sketches import views
from training.drawings.sketches.partial_avatars import PartialAvatar, part_of
from training.drawings.sketches.tracer import Shape

_SPACING = 1.1  # units between two points of a hand-drawn line


@dataclass(frozen=True)
class Hand:
    """A style of drawing by hand.

    Attributes:
        wobble: deviation of lines, in 64ths of the side.
        off: displacement of parts, in the same unit.
        gaps: share of broken lines.
        forgets: share of shapes that are left out.
        width: of the lines.
        hidden: whether lines behind others are left out.
        eyes: "whole", "dots", "rings" or "pupils".
        simple: whether ears, lips and similar parts are one line each.
        filled: whether hair is filled with ink.
    """

    wobble: float = 0.0
    off: float = 0.0
    gaps: float = 0.0
    forgets: float = 0.0
    width: float = 1.2
    hidden: bool = True
    eyes: str = "whole"
    simple: bool = False
    filled: bool = False


def choose_hand(rng: np.random.Generator) -> Hand:
    """Returns a random hand; one in five is steady."""
    if rng.random() < 0.2:
        return Hand(0.12, 0.1, width=float(rng.uniform(0.7, 1.6)))
    return Hand(
        wobble=float(rng.uniform(0.1, 1.1)),
        off=float(rng.uniform(0, 1.2)),
        gaps=float(rng.choice((0, 0.3))),
        forgets=float(rng.choice((0, 0.08))),
        width=float(np.exp(rng.uniform(np.log(0.6), np.log(3.6)))),
        hidden=bool(rng.random() < 0.6),
        eyes=str(rng.choice(("whole", "dots", "rings", "pupils"), p=(0.4, 0.25, 0.15, 0.2))),
        simple=bool(rng.random() < 0.45),
        filled=bool(rng.random() < 0.07),
    )


def draw(
    avatar: PartialAvatar, kind: Kind, size: int, rng: np.random.Generator, style: Hand | None = None
) -> np.ndarray:
    """Draws the visible parts of an avatar by hand.

    Args:
        avatar: the avatar and its drawn parts.
        kind: of the drawing.
        size: side in px.
        rng: source of randomness.
        style: hand that draws; None for a random one.

    Returns:
        `(size, size, 3) uint8`, on black.
    """
    if kind == "light":
        return _draw_light(avatar, size, rng)
    style = style or choose_hand(rng)
    visible = [shape for shape in avatar.scene.trace_shapes() if part_of(shape.part) in avatar.parts]
    shapes = _redraw_by_hand(_simplify(visible, style), style, rng)
    if kind == "parts":
        pixels = views.draw_parts(shapes, size, float(rng.uniform(1, 2.6)))
    else:
        pixels = views.draw_outline(shapes, size, style.width, style.hidden)
        if style.gaps and rng.random() < 0.12:
            pixels = np.maximum(pixels, views.draw_outline(_draw_scribbles(rng), size, style.width))
    return pixels


def _simplify(shapes: Sequence[Shape], style: Hand) -> list[Shape]:
    result, parts_done = [], set()
    for shape in shapes:
        part = shape.part
        if part in ("eyes", "pupil", "iris") and style.eyes != "whole":
            lash = part == "eyes" and shape.width > 0
            if (
                lash
                or (style.eyes == "dots" and part == "eyes")
                or (style.eyes == "rings" and part == "pupil")
            ):
                continue
        if style.simple and part in ("mouth", "nose", "neck", "stripes"):
            if part in parts_done and part != "stripes":
                continue
            parts_done.add(part)
        if style.simple and part == "ears" and np.ptp(shape.points[:, 0]) < 4:
            continue
        if style.filled and part == "hair" and not shape.width:
            shape = replace(shape, solid=True)
        result.append(shape)
    return result


def _redraw_by_hand(shapes: Sequence[Shape], style: Hand, rng: np.random.Generator) -> list[Shape]:
    moves: dict[str, np.ndarray] = {}
    sketched = []
    for shape in shapes:
        if style.forgets and rng.random() < style.forgets:
            continue
        part = part_of(shape.part)
        if part not in moves:
            moves[part] = _sample_displacement(style, rng)
        points = shape.points if shape.width else np.concatenate([shape.points, shape.points[:1]])
        middle = points.mean(0)
        points = (points - middle) @ moves[part][:, :2].T + middle + moves[part][:, 2]
        if style.wobble:
            points = _wobble(points, style.wobble, rng)
        ink = None
        if style.gaps and rng.random() < style.gaps and len(points) > 8:
            length = int(len(points) * rng.uniform(0.68, 0.92))
            start = int(rng.integers(len(points)))
            if shape.width:
                points = points[: max(length, 2)] if start % 2 else points[-max(length, 2) :]
            else:
                ink = np.roll(points, -start, axis=0)[:length]
        sketched.append(replace(shape, points=points, ink=ink))
    return sketched


def _sample_displacement(style: Hand, rng: np.random.Generator) -> np.ndarray:
    """Returns a random displacement of a part, `(2, 3)`: rotation, stretch and shift."""
    share = min(1.0, style.off)
    across, down = np.exp(rng.normal(size=2) * 0.09 * share)
    angle = rng.normal() * 0.07 * share
    cos, sin = np.cos(angle), np.sin(angle)
    shift = rng.normal(size=2) * style.off * 0.8
    return np.array([[cos * across, -sin * down, shift[0]], [sin * across, cos * down, shift[1]]])


def _wobble(points: np.ndarray, wobble: float, rng: np.random.Generator) -> np.ndarray:
    """Redraws a line by an unsteady hand; closed lines rarely end where they began."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    count = max(5, int(along[-1] / _SPACING))
    at = np.linspace(0, along[-1], count)
    line = np.stack([np.interp(at, along, points[:, n]) for n in range(2)], axis=-1)
    waves = np.arange(1, 4)
    strength_limit = min(1.0, along[-1] / 12)  # small shapes are drawn with small strokes
    phases = rng.uniform(0, 2 * np.pi, (2, 3, 1))
    strength = rng.normal(size=(2, 3, 1)) * wobble * strength_limit * 0.55 / waves[None, :, None] ** 0.7
    turns = waves[None, :, None] * rng.uniform(0.7, 1.3) * at / max(along[-1], 1e-6) * 2 * np.pi
    wavy_line = line + (strength * np.sin(turns + phases)).sum(1).T
    return wavy_line + rng.normal(size=line.shape) * 0.12 * wobble * strength_limit


def _draw_scribbles(rng: np.random.Generator) -> list[Shape]:
    """Draws random scribbles."""
    scribbles = []
    for _ in range(int(rng.integers(1, 3))):
        start = rng.uniform(4, UNITS - 4, 2)
        points = start + np.cumsum(rng.normal(size=(6, 2)) * 2, axis=0)
        scribbles.append(Shape("scribble", points, 1.0))
    if rng.random() < 0.4:
        scribbles.append(Shape("scribble", ellipse(start[0], start[1], 0.8, 0.8), 0.0, True))
    return scribbles


def _draw_light(avatar: PartialAvatar, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draws light and shade in a few tones with soft or hard borders."""
    gray = Image.fromarray(avatar.scene.render(64)).convert("L")
    if rng.random() < 0.55:  # painting light on black leaves the background black
        face = views.draw_parts(avatar.scene.trace_shapes(), 64).any(-1)
        gray = Image.fromarray(np.where(face, np.asarray(gray), 0).astype("uint8"))
    soft = gray.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 1.8))))
    levels = np.asarray(soft.resize((size, size), Image.Resampling.BICUBIC)).astype("float32")
    levels = np.clip((levels - 128) * rng.uniform(0.8, 1.5) + 128 + rng.uniform(-40, 40), 0, 255)
    if rng.random() < 0.75:
        levels = np.take(TONES, np.clip(np.rint(levels / 85), 0, 3).astype(int))
    if rng.random() < 0.2:  # an unfinished painting
        high, low = sorted(rng.uniform(0, size, 2).astype(int))
        levels[: high // 3] = 0
        levels[low + (size - low) // 2 :] = 0
    return np.repeat(np.rint(levels).astype("uint8")[..., None], 3, axis=2)
