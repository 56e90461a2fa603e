"""Renders shapes as an outline or as parts in flat colors, on black."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw

from studio.sketch.parts import COLORS, PARTS_OF
from training.drawings.avatars.canvas import UNITS
from training.drawings.sketches.tracer import Shape

_FINE = 2  # supersampling
_PALE = "iris"  # part with a color but no line


class _Sheet:
    """A black sheet, `size` px wide, to draw shapes on with supersampling."""

    def __init__(self, size: int):
        self.scale = size * _FINE / UNITS
        self.canvas = Image.new("RGB", (size * _FINE, size * _FINE))
        self.ink = ImageDraw.Draw(self.canvas)

    def to_pixels(self, points: np.ndarray) -> list[tuple[float, float]]:
        return [(x, y) for x, y in (points * self.scale).tolist()]

    def draw_line(self, points: np.ndarray, width: float, color: tuple[int, ...]) -> None:
        pixels, wide = self.to_pixels(points), max(1, round(width * self.scale))
        self.ink.line(pixels, fill=color, width=wide, joint="curve")
        half = wide / 2
        if wide > 2:
            for x, y in (pixels[0], pixels[-1]):
                self.ink.ellipse((x - half, y - half, x + half, y + half), fill=color)

    def paste_clipped(self, clip: np.ndarray, other: _Sheet) -> None:
        mask = Image.new("L", self.canvas.size)
        ImageDraw.Draw(mask).polygon(self.to_pixels(clip), fill=255)
        self.canvas.paste(other.canvas, (0, 0), mask)

    def copy(self) -> _Sheet:
        copied = _Sheet.__new__(_Sheet)
        copied.scale, copied.canvas = self.scale, self.canvas.copy()
        copied.ink = ImageDraw.Draw(copied.canvas)
        return copied

    def render(self) -> np.ndarray:
        return np.asarray(self.canvas.reduce(_FINE))


def draw_outline(shapes: Iterable[Shape], size: int, width: float = 1.2, hidden: bool = True) -> np.ndarray:
    """Draws white lines on black.

    Args:
        shapes: the farthest first.
        size: side in px.
        width: of the lines, in 64ths of the side.
        hidden: whether nearer shapes hide farther ones.

    Returns:
        `(size, size, 3) uint8`.
    """
    sheet = _Sheet(size)
    for shape in shapes:
        if shape.part == _PALE:
            continue
        target = sheet.copy() if shape.clip is not None else sheet
        if shape.width:
            target.draw_line(shape.points, width, (255,) * 3)
        else:
            if hidden or shape.solid:
                target.ink.polygon(target.to_pixels(shape.points), fill=(255 * shape.solid,) * 3)
            border = np.concatenate([shape.points, shape.points[:1]])
            target.draw_line(border if shape.ink is None else shape.ink, width, (255,) * 3)
        if shape.clip is not None:
            sheet.paste_clipped(shape.clip, target)
    return sheet.render()


def draw_parts(shapes: Iterable[Shape], size: int, min_width: float = 0.0) -> np.ndarray:
    """Draws parts in flat colors on black.

    Args:
        min_width: smallest width of lines, in 64ths of the side.

    Returns:
        `(size, size, 3) uint8`.
    """
    sheet = _Sheet(size)
    for shape in shapes:
        if shape.part not in PARTS_OF:
            continue
        color = COLORS[PARTS_OF[shape.part]]
        target = sheet.copy() if shape.clip is not None else sheet
        if shape.width:
            target.draw_line(shape.points, max(min_width, shape.width), color)
        else:
            target.ink.polygon(target.to_pixels(shape.points), fill=color)
        if shape.clip is not None:
            sheet.paste_clipped(shape.clip, target)
    return sheet.render()
