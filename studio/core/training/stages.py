"""Stages of a training run that draws: what it makes of the same numbers, kept as it grows.

A training run that continues from a model shows that one's stages first, since all draw from the same
numbers.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from studio.core.errors import InvalidInput, invalid
from studio.core.imaging import image_io
from studio.core.imaging.grids import grid

MOST = 24
COLUMNS = 4  # grids in a row of a sheet
SHOWN = 16  # images of a grid
SIDE = 64  # px of each at most
MOST_BYTES = 400_000  # of all grids together; the noise of a first one takes more than a face
_QUALITIES = (55, 35, 15, 0)  # of which the last is always enough


Numbers = Mapping[str, Sequence[float | None]]  # one a grid, by name; None where that was not measured


def latents(count: int, size: int) -> np.ndarray:
    """The numbers that grids are drawn from, `(count, size) float32`: the same in every training run."""
    return np.random.default_rng([0, 7]).standard_normal((count, size)).astype("float32")


class Stages:
    """Small grids and what was measured at each, more of them early, when most changes.

    Args:
        steps: of the whole training.

    Attributes:
        grids: `(H, W, 3) uint8` each, the first one first.
        numbers: by name, one number a grid; their "steps" among them.
    """

    def __init__(self, steps: int):
        self._due = {max(1, round(step)) for step in _wanted(steps)}
        self.grids: list[np.ndarray] = []
        self.numbers: dict[str, list[float | None]] = {}

    def due(self, step: int) -> bool:
        """Whether a grid is wanted after so many steps."""
        return step in self._due

    def add(self, step: int, images: np.ndarray, measured: Mapping[str, float]) -> None:
        """Keeps a grid of the first of `(n, side, side, C) uint8` images, with what was measured then."""
        self.grids.append(grid(_small(images[:SHOWN])))
        for name, number in {"steps": step, **measured}.items():
            self.numbers.setdefault(name, []).append(float(number))

    def take(self, grids: Sequence[np.ndarray], numbers: Numbers) -> None:
        """Continues from those of a checkpoint."""
        self.grids = list(grids)
        self.numbers = {name: list(some) for name, some in numbers.items()}

    def sheet(self) -> bytes | None:
        """All grids, COLUMNS in a row, as one WebP of MOST_BYTES at most; None without any."""
        if not self.grids:
            return None
        sheet = Image.fromarray(grid(np.stack(self.grids), COLUMNS, gap=0))
        for quality in _QUALITIES:
            body = io.BytesIO()
            sheet.save(body, "WEBP", quality=quality, method=4)
            if body.tell() <= MOST_BYTES:
                break
        return body.getvalue()


def joined(numbers: Numbers, sheet: bytes, later: Stages) -> Stages:
    """Those of a model and, after them, those of a training run that continued from it: MOST in all.

    Args:
        numbers: what was measured at each grid of the model.
        sheet: its grids. As it may be anybody's, one that does not fit the numbers is left out.
        later: of the training; its steps count on from the last of the model's.
    """
    steps = [step for step in numbers.get("steps", ()) if step is not None]
    try:
        before = grids(sheet, len(numbers.get("steps", ())))
    except InvalidInput:
        return later
    if len(before) != len(steps):
        return later
    every_grid = [*before, *later.grids]
    at = [*steps, *(steps[-1] + step for step in later.numbers.get("steps", ()) if step is not None)]
    kept = _spread(at)
    told: dict[str, list[float | None]] = {"steps": [at[n] for n in kept]}
    for name in dict.fromkeys([*numbers, *later.numbers]):
        early, late = (some.get(name) or () for some in (numbers, later.numbers))
        every = [*_all_or_none(early, len(before)), *_all_or_none(late, len(later.grids))]
        told.setdefault(name, [every[n] for n in kept])
    found = Stages(1)
    found.take(_alike([every_grid[n] for n in kept]), told)
    return found


def _all_or_none(numbers: Sequence[float | None], count: int) -> Sequence[float | None]:
    return numbers if len(numbers) == count else [None] * count


def grids(sheet: bytes, count: int) -> list[np.ndarray]:
    """The grids of a sheet, each `(side, side, 3) uint8`.

    Raises:
        InvalidInput: if it is no image, or not of so many grids.
    """
    image = image_io.read(sheet, "stages")
    side, rows = image.shape[1] // COLUMNS, -(-count // COLUMNS)
    if not rows or image.shape[:2] != (rows * side, COLUMNS * side):
        height, width = image.shape[:2]
        raise invalid(
            "stages",
            expected=f"{count} square grids, {COLUMNS} in a row",
            received=f"{width} x {height} px",
            next_step="train the model again",
        )
    corners = [(n // COLUMNS * side, n % COLUMNS * side) for n in range(count)]
    return [image[top : top + side, left : left + side] for top, left in corners]


def _wanted(steps: float) -> list[float]:
    """After which steps of so many there should be a grid. They grow as squares do, for most changes early: a
    training of 8,000 has its first ones at 14, 56, 125 and 222."""
    return [steps * (n / MOST) ** 2 for n in range(1, MOST + 1)]


def _spread(steps: Sequence[float]) -> list[int]:
    """Which of many grids are kept: MOST, the early ones closer, the last one always."""
    if len(steps) <= MOST:
        return list(range(len(steps)))
    return sorted({int(np.argmin(np.abs(np.subtract(steps, step)))) for step in _wanted(steps[-1])})


def _alike(grids: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Grids as large as the largest, for a model that has grown has smaller ones before."""
    side = max(len(grid) for grid in grids)
    near = Image.Resampling.NEAREST
    return [
        grid if len(grid) == side else np.asarray(Image.fromarray(grid).resize((side, side), near))
        for grid in grids
    ]


def _small(images: np.ndarray) -> np.ndarray:
    """Images of SIDE px at most, each pixel the mean of those that it stands for."""
    count, side, _, channels = images.shape
    part = -(-side // SIDE)
    if part == 1:
        return images
    small = side // part
    parts = images[:, : small * part, : small * part].reshape(count, small, part, small, part, channels)
    return np.rint(parts.mean((2, 4))).astype("uint8")
