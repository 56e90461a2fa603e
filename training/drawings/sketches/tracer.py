"""A canvas that records shapes by part instead of drawing them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from studio.sketch.colors import Color
from training.drawings.avatars.canvas import UNITS, Canvas
from training.drawings.avatars.curves import Points

_SHADE = frozenset({"shine"})  # parts that are never drawn by hand
_SOLID = frozenset({"pupil", "glasses"})  # parts that are filled with ink


@dataclass(frozen=True)
class Shape:
    """A recorded shape.

    Attributes:
        part: part of the face.
        points: `(n, 2)` in 64ths of the sheet's side.
        width: of a line along the points, in the same unit; 0 for an area within them.
        solid: whether an outline of it is filled with ink.
        clip: outline that it is clipped to; None for no clipping.
        ink: drawn part of an area's border; None for the whole border.
    """

    part: str
    points: Points
    width: float = 0.0
    solid: bool = False
    clip: Points | None = None
    ink: Points | None = None


class Tracer(Canvas):
    """Records shapes; shading within a part is ignored.

    Attributes:
        shapes: from back to front.

    Args:
        zoom, aside: as in `Canvas`.
    """

    def __init__(self, zoom: float, aside: float):
        super().__init__(1, (0, 0, 0), zoom, aside)
        turned, origin = self._frame
        scale = UNITS / self._image.width
        self._frame = turned * scale, origin * scale
        self.shapes: list[Shape] = []
        self._within: list[tuple[str, Points]] = []

    @contextmanager
    def inside(self, outline: Points) -> Iterator[None]:
        """Records shapes of other parts than the outline, clipped to it."""
        self._within.append((self._part, self._to_pixels(outline)))
        yield
        self._within.pop()

    def fill(self, outline: Points, color: Color) -> None:
        """Records an area."""
        self._record_shape(outline, 0.0)

    def tint(self, outline: Points, color: Color, share: float) -> None:
        """Ignores tints."""

    def fill_shaded(self, outline: Points, color: Color, away: tuple[float, float] = (0.0, 0.0)) -> None:
        """Records an area without its shade."""
        self._record_shape(outline, 0.0)

    def draw_line(self, points: Points, color: Color, width: float, taper: float = 0.0) -> None:
        """Records a line."""
        self._record_shape(points, width)

    def _record_shape(self, points: Points, width: float) -> None:
        part, within = self._part, self._within[-1] if self._within else None
        if part in _SHADE or (within and within[0] == part):
            return
        scale = float(np.sqrt(abs(np.linalg.det(self._frame[0]))))
        solid = part in _SOLID and not width
        clip = within[1] if within else None
        self.shapes.append(Shape(part, self._to_pixels(points), width * scale, solid, clip))
