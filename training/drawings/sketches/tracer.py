"""A pen that notes what is drawn, part by part, where another one paints it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from studio.sketch.colors import Color
from training.drawings.avatars.curves import Points
from training.drawings.avatars.pen import UNITS, Pen

_SHADE = frozenset({"shine"})  # parts that no one draws
_SOLID = frozenset({"pupil", "glasses"})  # parts that are dark all over where they are filled


@dataclass(frozen=True)
class Shape:
    """Something that was drawn.

    Attributes:
        part: of the face that it belongs to.
        points: `(n, 2)` in 64ths of the sheet's side.
        width: of a line along the points, in the same unit; 0 for an area within them.
        solid: whether an outline of it is filled with ink.
        clip: the outline that it shows within; None for everywhere.
        ink: the part of an area's border that is drawn; None for all of it.
    """

    part: str
    points: Points
    width: float = 0.0
    solid: bool = False
    clip: Points | None = None
    ink: Points | None = None


class Tracer(Pen):
    """Notes shapes; shading within a part is none.

    Attributes:
        shapes: from the farthest to the nearest.

    Args:
        zoom, aside: as of a `Pen`.
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
        """What is of another part than the outline is noted, and shows only within it."""
        self._within.append((self._part, self._pixels(outline)))
        yield
        self._within.pop()

    def fill(self, outline: Points, color: Color) -> None:
        """Notes an area."""
        self._note(outline, 0.0)

    def tint(self, outline: Points, color: Color, share: float) -> None:
        """A thin color is no shape."""

    def lit(self, outline: Points, color: Color, away: tuple[float, float] = (0.0, 0.0)) -> None:
        """Notes an area, whatever its shade."""
        self._note(outline, 0.0)

    def line(self, points: Points, color: Color, width: float, taper: float = 0.0) -> None:
        """Notes a line."""
        self._note(points, width)

    def _note(self, points: Points, width: float) -> None:
        part, within = self._part, self._within[-1] if self._within else None
        if part in _SHADE or (within and within[0] == part):
            return
        scale = float(np.sqrt(abs(np.linalg.det(self._frame[0]))))
        solid = part in _SOLID and not width
        clip = within[1] if within else None
        self.shapes.append(Shape(part, self._pixels(points), width * scale, solid, clip))
