"""Stages of a generator's training: sample grids from fixed latents, saved as the model improves.

A training run that starts from a model shows that model's stages first, because all use the same latents.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from studio.core.errors import InvalidInput, invalid
from studio.core.imaging import image_io
from studio.core.imaging.grids import make_grid

MAX_GRIDS = 24  # grids
COLUMNS = 4  # grids in a row of a sheet
GRID_IMAGES = 16  # images in a grid
IMAGE_SIDE = 64  # px of an image at most
MAX_SHEET_BYTES = 400_000  # of a sheet; the noise of an early grid compresses worse than faces
_QUALITIES = (55, 35, 15, 0)  # of WebP; the last one is always small enough


StageMetrics = Mapping[str, Sequence[float | None]]  # by name, a value per grid; None if not measured


def draw_latents(count: int, size: int) -> np.ndarray:
    """Draws the latents of all grids, `(count, size) float32`: equal in every training run."""
    return np.random.default_rng([0, 7]).standard_normal((count, size)).astype("float32")


class Stages:
    """Small sample grids with the metrics at each, more of them early, when the model changes most.

    Args:
        steps: of the whole training run.

    Attributes:
        grids: `(H, W, 3) uint8` each, in order.
        metrics: by name, a value per grid; includes their "steps".
    """

    def __init__(self, steps: int):
        self._due_steps = {max(1, round(step)) for step in _schedule_steps(steps)}
        self.grids: list[np.ndarray] = []
        self.metrics: dict[str, list[float | None]] = {}

    def is_due(self, step: int) -> bool:
        """Returns whether a grid is due after this step."""
        return step in self._due_steps

    def add(self, step: int, images: np.ndarray, metrics: Mapping[str, float]) -> None:
        """Adds a grid of the first images of `(n, side, side, C) uint8`, with its metrics."""
        self.grids.append(make_grid(_downsample(images[:GRID_IMAGES])))
        for name, value in {"steps": step, **metrics}.items():
            self.metrics.setdefault(name, []).append(float(value))

    def restore(self, grids: Sequence[np.ndarray], metrics: StageMetrics) -> None:
        """Restores the stages of a checkpoint."""
        self.grids = list(grids)
        self.metrics = {name: list(values) for name, values in metrics.items()}

    def encode_sheet(self) -> bytes | None:
        """Encodes all grids, COLUMNS in a row, as a WebP of at most MAX_SHEET_BYTES; None without grids."""
        if not self.grids:
            return None
        sheet = Image.fromarray(make_grid(np.stack(self.grids), COLUMNS, gap=0))
        for quality in _QUALITIES:
            body = io.BytesIO()
            sheet.save(body, "WEBP", quality=quality, method=4)
            if body.tell() <= MAX_SHEET_BYTES:
                break
        return body.getvalue()


def join_stages(metrics: StageMetrics, sheet: bytes, later: Stages) -> Stages:
    """Joins the stages of a model and of a training run that started from it, at most MAX_GRIDS.

    Args:
        metrics: the metrics at each grid of the model.
        sheet: the model's grids. It may come from an untrusted model: it is left out if it does not fit
            `metrics`.
        later: the stages of the training run, whose steps are added to the last step of the model.
    """
    steps = [step for step in metrics.get("steps", ()) if step is not None]
    try:
        before = cut_sheet(sheet, len(metrics.get("steps", ())))
    except InvalidInput:
        return later
    if len(before) != len(steps):
        return later
    every_grid = [*before, *later.grids]
    all_steps = [*steps, *(steps[-1] + step for step in later.metrics.get("steps", ()) if step is not None)]
    indices = _select_grids(all_steps)
    merged: dict[str, list[float | None]] = {"steps": [all_steps[n] for n in indices]}
    for name in dict.fromkeys([*metrics, *later.metrics]):
        early, late = metrics.get(name) or (), later.metrics.get(name) or ()
        values = [*_blank_if_incomplete(early, len(before)), *_blank_if_incomplete(late, len(later.grids))]
        merged.setdefault(name, [values[n] for n in indices])
    stages = Stages(1)
    stages.restore(_enlarge_to_largest([every_grid[n] for n in indices]), merged)
    return stages


def _blank_if_incomplete(values: Sequence[float | None], count: int) -> Sequence[float | None]:
    """Returns the values if there is one per grid, else None for each grid."""
    return values if len(values) == count else [None] * count


def cut_sheet(sheet: bytes, count: int) -> list[np.ndarray]:
    """Cuts a sheet into its grids, each `(side, side, 3) uint8`.

    Raises:
        InvalidInput: if it is not an image, or not a sheet of `count` grids.
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


def _schedule_steps(steps: float) -> list[float]:
    """Returns the steps that get a grid. They grow quadratically, because most changes happen early: 8,000
    steps have their first grids at 14, 56, 125 and 222."""
    return [steps * (n / MAX_GRIDS) ** 2 for n in range(1, MAX_GRIDS + 1)]


def _select_grids(steps: Sequence[float]) -> list[int]:
    """Returns which grids to keep: at most MAX_GRIDS, denser early, always including the last."""
    if len(steps) <= MAX_GRIDS:
        return list(range(len(steps)))
    return sorted({int(np.argmin(np.abs(np.subtract(steps, step)))) for step in _schedule_steps(steps[-1])})


def _enlarge_to_largest(grids: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Enlarges grids to the size of the largest, because a growing model has smaller grids at first."""
    side = max(len(grid) for grid in grids)
    nearest = Image.Resampling.NEAREST
    return [
        grid if len(grid) == side else np.asarray(Image.fromarray(grid).resize((side, side), nearest))
        for grid in grids
    ]


def _downsample(images: np.ndarray) -> np.ndarray:
    """Downsamples images to at most IMAGE_SIDE px by averaging blocks of pixels."""
    count, side, _, channels = images.shape
    block_side = -(-side // IMAGE_SIDE)
    if block_side == 1:
        return images
    small = side // block_side
    cropped = images[:, : small * block_side, : small * block_side]
    blocks = cropped.reshape(count, small, block_side, small, block_side, channels)
    return np.rint(blocks.mean((2, 4))).astype("uint8")
