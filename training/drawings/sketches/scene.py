"""An avatar as an image by day and night, as shapes, and as a map of color roles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from studio.sketch import palette
from studio.sketch.colors import Color
from training.drawings import avatars
from training.drawings.avatars.canvas import FINE, ZOOM, Canvas
from training.drawings.avatars.looks import Look
from training.drawings.sketches.tracer import Shape, Tracer

# Two color tables: in at least one of them any two roles differ at any shade.
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
    """An avatar with its position.

    Attributes:
        look: its appearance.
        seed: of random details of its hair.
        zoom: magnification around the middle of the lower edge.
        aside: offset to the right, in 64ths of the side.
    """

    look: Look
    seed: int
    zoom: float = ZOOM
    aside: float = 0.0

    def render(self, size: int, night: bool = False) -> np.ndarray:
        """Renders it in color, `(size, size, 3) uint8`."""
        if not night:
            return self._draw(Canvas(size, self.look.background, self.zoom, self.aside)).render()
        colors = self.make_color_table(night=True)
        white = (255, 255, 255)
        plain = replace(self.look, background=white)
        light, depth = palette.NIGHT_LIGHT, palette.NIGHT_DEPTH
        canvas = Canvas(size, white, self.zoom, self.aside, light, depth)
        canvas.set_backdrop(np.rint(255 * _render_sky(colors, size * FINE)).astype("uint8"))
        return replace(self, look=plain)._draw(canvas).render()

    def make_color_table(self, night: bool = False) -> np.ndarray:
        """Returns its colors, see `palette.make_color_table`."""
        return palette.make_color_table(
            {name: getattr(self.look, name) for name in palette.COLOR_ROLES}, night
        )

    def trace_shapes(self) -> list[Shape]:
        """Returns its shapes, the farthest first."""
        tracer = Tracer(self.zoom, self.aside)
        self._draw(tracer)
        return tracer.shapes

    def render_roles(self, size: int) -> np.ndarray:
        """Returns the color role of each pixel, `(size, size) uint8`; `size` is a multiple of four.

        It is rendered in two color tables: roles that look alike in one differ in the other.
        """
        sheets = []
        for code in _CODES:
            colors: dict[str, Any] = dict(zip(palette.COLOR_ROLES, code, strict=True))
            look = replace(self.look, **colors)
            sheets.append(
                replace(self, look=look)
                ._draw(Canvas(size // FINE, code[0], self.zoom, self.aside))
                .render_fine()
            )
        pixels = np.concatenate(sheets, axis=-1).reshape(-1, 6).astype("float32")
        role_colors = _make_role_table()
        away = (role_colors**2).sum(1) - 2 * pixels @ role_colors.T
        return (away.argmin(1) // len(_DEPTHS)).reshape(size, size).astype("uint8")

    def _draw(self, canvas: Canvas) -> Canvas:
        avatars.draw_look(canvas, self.look, np.random.default_rng(self.seed))
        return canvas


def _render_sky(colors: np.ndarray, side: int) -> np.ndarray:
    return colors[0] + palette.draw_sky(side) * (colors[-1] - colors[0])


@cache
def _make_role_table() -> np.ndarray:
    """Returns the colors of roles by depth of shade, in both tables: `(ROLES * depths, 6) float32`."""
    sets = [np.array([*code, *palette.FIXED_COLORS], "float32") for code in _CODES]
    shades = 1 - np.array(_DEPTHS, "float32")[:, None] * palette.SHADE
    return np.concatenate([(table[:, None] * shades).reshape(-1, 3) for table in sets], axis=1)
