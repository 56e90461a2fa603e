"""Stages of a training that draws: what it makes of the same numbers, kept as it grows."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from studio.core.pictures.grids import grid

MOST = 24
COLUMNS = 4  # walls in a row of a sheet
SHOWN = 16  # pictures of a wall
SIDE = 64  # px of each at most
MOST_BYTES = 400_000  # of all walls together; the noise of a first one takes more than a face
_QUALITIES = (55, 35, 15, 0)  # of which the last is always enough


class Stages:
    """Small walls and what was measured at each, more of them early, when most changes.

    Args:
        steps: of the whole training.

    Attributes:
        walls: `(H, W, 3) uint8` each, the first one first.
        numbers: by name, one number a wall; their "steps" among them.
    """

    def __init__(self, steps: int):
        # The steps grow as squares do: a training of 8,000 has its first walls at 14, 56, 125 and 222.
        self._due = {max(1, round(steps * (n / MOST) ** 2)) for n in range(1, MOST + 1)}
        self.walls: list[np.ndarray] = []
        self.numbers: dict[str, list[float]] = {}

    def due(self, step: int) -> bool:
        """Whether a wall is wanted after so many steps."""
        return step in self._due

    def add(self, step: int, pictures: np.ndarray, measured: Mapping[str, float]) -> None:
        """Keeps a wall of the first of `(n, side, side, C) uint8` pictures, with what was measured then."""
        self.walls.append(grid(_small(pictures[:SHOWN])))
        for name, number in {"steps": step, **measured}.items():
            self.numbers.setdefault(name, []).append(float(number))

    def take(self, walls: Sequence[np.ndarray], numbers: Mapping[str, Sequence[float]]) -> None:
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


def _small(pictures: np.ndarray) -> np.ndarray:
    """Pictures of SIDE px at most, each pixel the mean of those that it stands for."""
    count, side, _, channels = pictures.shape
    part = -(-side // SIDE)
    if part == 1:
        return pictures
    small = side // part
    parts = pictures[:, : small * part, : small * part].reshape(count, small, part, small, part, channels)
    return np.rint(parts.mean((2, 4))).astype("uint8")
