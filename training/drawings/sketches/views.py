"""Shapes as a drawing: as an outline in lines, or as parts in flat colors. White or colored on black."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw

from studio.sketch.parts import COLORS, PARTS_OF
from training.drawings.avatars.pen import UNITS
from training.drawings.sketches.tracer import Shape

_FINE = 2  # so many times finer it is drawn
_PALE = "iris"  # what has a color and no line


class _Sheet:
    def __init__(self, size: int):
        self.scale = size * _FINE / UNITS
        self.image = Image.new("RGB", (size * _FINE, size * _FINE))
        self.ink = ImageDraw.Draw(self.image)

    def pixels(self, points: np.ndarray) -> list[tuple[float, float]]:
        return [(x, y) for x, y in (points * self.scale).tolist()]

    def line(self, points: np.ndarray, width: float, color: tuple[int, ...]) -> None:
        pixels, wide = self.pixels(points), max(1, round(width * self.scale))
        self.ink.line(pixels, fill=color, width=wide, joint="curve")
        half = wide / 2
        if wide > 2:
            for x, y in (pixels[0], pixels[-1]):
                self.ink.ellipse((x - half, y - half, x + half, y + half), fill=color)

    def clipped(self, clip: np.ndarray, other: _Sheet) -> None:
        mask = Image.new("L", self.image.size)
        ImageDraw.Draw(mask).polygon(self.pixels(clip), fill=255)
        self.image.paste(other.image, (0, 0), mask)

    def copy(self) -> _Sheet:
        made = _Sheet.__new__(_Sheet)
        made.scale, made.image = self.scale, self.image.copy()
        made.ink = ImageDraw.Draw(made.image)
        return made

    def image(self) -> np.ndarray:
        return np.asarray(self.image.reduce(_FINE))


def outline(shapes: Iterable[Shape], size: int, width: float = 1.2, hidden: bool = True) -> np.ndarray:
    """White lines on black.

    Args:
        shapes: the farthest first.
        size: of a side, in px.
        width: of the lines, in 64ths of the side.
        hidden: whether what is nearer hides what is farther away.

    Returns:
        `(size, size, 3) uint8`.
    """
    sheet = _Sheet(size)
    for shape in shapes:
        if shape.part == _PALE:
            continue
        on = sheet.copy() if shape.clip is not None else sheet
        if shape.width:
            on.line(shape.points, width, (255,) * 3)
        else:
            if hidden or shape.solid:
                on.ink.polygon(on.pixels(shape.points), fill=(255 * shape.solid,) * 3)
            border = np.concatenate([shape.points, shape.points[:1]])
            on.line(border if shape.ink is None else shape.ink, width, (255,) * 3)
        if shape.clip is not None:
            sheet.clipped(shape.clip, on)
    return sheet.image()


def parts(shapes: Iterable[Shape], size: int, least: float = 0.0) -> np.ndarray:
    """Flat colors on black, each for a part.

    Args:
        least: how wide lines are at least, in 64ths of the side.

    Returns:
        `(size, size, 3) uint8`.
    """
    sheet = _Sheet(size)
    for shape in shapes:
        if shape.part not in PARTS_OF:
            continue
        color = COLORS[PARTS_OF[shape.part]]
        on = sheet.copy() if shape.clip is not None else sheet
        if shape.width:
            on.line(shape.points, max(least, shape.width), color)
        else:
            on.ink.polygon(on.pixels(shape.points), fill=color)
        if shape.clip is not None:
            sheet.clipped(shape.clip, on)
    return sheet.image()
