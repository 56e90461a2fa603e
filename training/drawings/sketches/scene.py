"""One avatar, as it is painted by day and by night, as shapes, and as the roles that its colors have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from studio.sketch import palette
from studio.sketch.colors import Color
from training.drawings import avatars
from training.drawings.avatars.looks import Look
from training.drawings.avatars.pen import FINE, ZOOM, Pen
from training.drawings.sketches.tracer import Shape, Tracer

# Two sets of colors for what can be chosen, in which no two roles look alike, whatever their shade.
_CODES: tuple[tuple[Color, ...], ...] = (
    (
        (0, 255, 0),
        (255, 255, 0),
        (0, 0, 255),
        (0, 255, 255),
        (255, 0, 255),
        (255, 128, 0),
        (128, 0, 255),
        (0, 96, 128),
    ),
    (
        (0, 0, 255),
        (255, 200, 255),
        (0, 255, 0),
        (255, 255, 0),
        (0, 255, 255),
        (0, 128, 255),
        (128, 255, 0),
        (255, 0, 255),
    ),
)
_DEPTHS = (0.0, 0.5, 1.0, 1.7, 2.4)


@dataclass(frozen=True)
class Scene:
    """An avatar in its place.

    Attributes:
        look: what it looks like.
        seed: of what its hair leaves to chance.
        zoom: how large it is, around the middle of the lower edge.
        aside: how far to the right it is, in 64ths of the side.
    """

    look: Look
    seed: int
    zoom: float = ZOOM
    aside: float = 0.0

    def image(self, size: int, night: bool = False) -> np.ndarray:
        """It in color, `(size, size, 3) uint8`."""
        if not night:
            return self._drawn(Pen(size, self.look.background, self.zoom, self.aside)).image()
        colors = self.colors(night=True)
        white = (255, 255, 255)
        plain = replace(self.look, background=white)
        light, depth = palette.NIGHT, palette.NIGHT_DEPTH
        pen = Pen(size, white, self.zoom, self.aside, light, depth)
        pen.backdrop(np.rint(255 * _sky(colors, size * FINE)).astype("uint8"))
        return replace(self, look=plain)._drawn(pen).image()

    def colors(self, night: bool = False) -> np.ndarray:
        """What it is painted with, see `palette.colors_of`."""
        return palette.colors_of({name: getattr(self.look, name) for name in palette.CHOSEN}, night)

    def shapes(self) -> list[Shape]:
        """What it is drawn from, the farthest first."""
        tracer = Tracer(self.zoom, self.aside)
        self._drawn(tracer)
        return tracer.shapes

    def roles(self, size: int) -> np.ndarray:
        """Which of the colors of `palette` each pixel has, `(size, size) uint8`; `size` divides by four.

        It is drawn in two sets of colors: what looks like another role in one set does not in the other.
        """
        seen = []
        for code in _CODES:
            colors: dict[str, Any] = dict(zip(palette.CHOSEN, code, strict=True))
            look = replace(self.look, **colors)
            seen.append(
                replace(self, look=look)._drawn(Pen(size // FINE, code[0], self.zoom, self.aside)).sheet()
            )
        pixels = np.concatenate(seen, axis=-1).reshape(-1, 6).astype("float32")
        known = _known()
        away = (known**2).sum(1) - 2 * pixels @ known.T
        return (away.argmin(1) // len(_DEPTHS)).reshape(size, size).astype("uint8")

    def _drawn(self, pen: Pen) -> Pen:
        avatars.draw_look(pen, self.look, np.random.default_rng(self.seed))
        return pen


def _sky(colors: np.ndarray, side: int) -> np.ndarray:
    return colors[0] + palette.moon(side) * (colors[-1] - colors[0])


@cache
def _known() -> np.ndarray:
    """The colors of each role in each depth of shade, in both sets: `(ROLES * depths, 6) float32`."""
    sets = [np.array([*code, *palette.FIXED], "float32") for code in _CODES]
    shades = 1 - np.array(_DEPTHS, "float32")[:, None] * palette.LOST
    return np.concatenate([(one[:, None] * shades).reshape(-1, 3) for one in sets], axis=1)
