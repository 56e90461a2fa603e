"""Stages of a training that draws: what it makes of the same numbers, kept as it grows.

A training that goes on from a model shows that one's stages first, since all draw from the same numbers.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from studio.core.errors import InvalidInput, invalid
from studio.core.pictures import images
from studio.core.pictures.grids import grid

MOST = 24
COLUMNS = 4  # walls in a row of a sheet
SHOWN = 16  # pictures of a wall
SIDE = 64  # px of each at most
MOST_BYTES = 400_000  # of all walls together; the noise of a first one takes more than a face
_QUALITIES = (55, 35, 15, 0)  # of which the last is always enough


Numbers = Mapping[str, Sequence[float | None]]  # one a wall, by name; None where that was not measured


def latents(count: int, size: int) -> np.ndarray:
    """The numbers that walls are drawn from, `(count, size) float32`: the same in every training."""
    return np.random.default_rng([0, 7]).standard_normal((count, size)).astype("float32")


class Stages:
    """Small walls and what was measured at each, more of them early, when most changes.

    Args:
        steps: of the whole training.

    Attributes:
        walls: `(H, W, 3) uint8` each, the first one first.
        numbers: by name, one number a wall; their "steps" among them.
    """

    def __init__(self, steps: int):
        self._due = {max(1, round(step)) for step in _wanted(steps)}
        self.walls: list[np.ndarray] = []
        self.numbers: dict[str, list[float | None]] = {}

    def due(self, step: int) -> bool:
        """Whether a wall is wanted after so many steps."""
        return step in self._due

    def add(self, step: int, pictures: np.ndarray, measured: Mapping[str, float]) -> None:
        """Keeps a wall of the first of `(n, side, side, C) uint8` pictures, with what was measured then."""
        self.walls.append(grid(_small(pictures[:SHOWN])))
        for name, number in {"steps": step, **measured}.items():
            self.numbers.setdefault(name, []).append(float(number))

    def take(self, walls: Sequence[np.ndarray], numbers: Numbers) -> None:
        """Goes on from those of a checkpoint."""
        self.walls = list(walls)
        self.numbers = {name: list(some) for name, some in numbers.items()}

    def sheet(self) -> bytes | None:
        """All walls, COLUMNS in a row, as one WebP of MOST_BYTES at most; None without any."""
        if not self.walls:
            return None
        sheet = Image.fromarray(grid(np.stack(self.walls), COLUMNS, gap=0))
        for quality in _QUALITIES:
            body = io.BytesIO()
            sheet.save(body, "WEBP", quality=quality, method=4)
            if body.tell() <= MOST_BYTES:
                break
        return body.getvalue()


def joined(numbers: Numbers, sheet: bytes, later: Stages) -> Stages:
    """Those of a model and, after them, those of a training that went on from it: MOST in all.

    Args:
        numbers: what was measured at each wall of the model.
        sheet: its walls. As it may be anybody's, one that does not fit the numbers is left out.
        later: of the training; its steps count on from the last of the model's.
    """
    steps = [step for step in numbers.get("steps", ()) if step is not None]
    try:
        before = walls(sheet, len(numbers.get("steps", ())))
    except InvalidInput:
        return later
    if len(before) != len(steps):
        return later
    every_wall = [*before, *later.walls]
    at = [*steps, *(steps[-1] + step for step in later.numbers.get("steps", ()) if step is not None)]
    kept = _spread(at)
    told: dict[str, list[float | None]] = {"steps": [at[n] for n in kept]}
    for name in dict.fromkeys([*numbers, *later.numbers]):
        early, late = (some.get(name) or () for some in (numbers, later.numbers))
        every = [*_all_or_none(early, len(before)), *_all_or_none(late, len(later.walls))]
        told.setdefault(name, [every[n] for n in kept])
    found = Stages(1)
    found.take(_alike([every_wall[n] for n in kept]), told)
    return found


def _all_or_none(numbers: Sequence[float | None], count: int) -> Sequence[float | None]:
    return numbers if len(numbers) == count else [None] * count


def walls(sheet: bytes, count: int) -> list[np.ndarray]:
    """The walls of a sheet, each `(side, side, 3) uint8`.

    Raises:
        InvalidInput: if it is no picture, or not of so many walls.
    """
    picture = images.read(sheet, "stages")
    side, rows = picture.shape[1] // COLUMNS, -(-count // COLUMNS)
    if not rows or picture.shape[:2] != (rows * side, COLUMNS * side):
        height, width = picture.shape[:2]
        raise invalid(
            "stages",
            expected=f"{count} square walls, {COLUMNS} in a row",
            received=f"{width} x {height} px",
            next_step="train the model again",
        )
    corners = [(n // COLUMNS * side, n % COLUMNS * side) for n in range(count)]
    return [picture[top : top + side, left : left + side] for top, left in corners]


def _wanted(steps: float) -> list[float]:
    """After which steps of so many there should be a wall. They grow as squares do, for most changes early: a
    training of 8,000 has its first ones at 14, 56, 125 and 222."""
    return [steps * (n / MOST) ** 2 for n in range(1, MOST + 1)]


def _spread(steps: Sequence[float]) -> list[int]:
    """Which of many walls are kept: MOST, the early ones closer, the last one always."""
    if len(steps) <= MOST:
        return list(range(len(steps)))
    return sorted({int(np.argmin(np.abs(np.subtract(steps, step)))) for step in _wanted(steps[-1])})


def _alike(walls: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Walls as large as the largest, for a model that has grown has smaller ones before."""
    side = max(len(wall) for wall in walls)
    near = Image.Resampling.NEAREST
    return [
        wall if len(wall) == side else np.asarray(Image.fromarray(wall).resize((side, side), near))
        for wall in walls
    ]


def _small(pictures: np.ndarray) -> np.ndarray:
    """Pictures of SIDE px at most, each pixel the mean of those that it stands for."""
    count, side, _, channels = pictures.shape
    part = -(-side // SIDE)
    if part == 1:
        return pictures
    small = side // part
    parts = pictures[:, : small * part, : small * part].reshape(count, small, part, small, part, channels)
    return np.rint(parts.mean((2, 4))).astype("uint8")
