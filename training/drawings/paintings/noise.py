"""Smooth random fields, which make lines, washes and grain look handmade."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

Shape = tuple[int, int]


def make_noise(rng: np.random.Generator, shape: Shape, cell: float) -> np.ndarray:
    """Returns value noise (Perlin's lattice noise with bicubic interpolation).

    Args:
        rng: source of the lattice values.
        shape: `(H, W)` of the field.
        cell: px between lattice points.

    Returns:
        `(H, W) float32`, mean about 0, standard deviation about 1.
    """
    return make_stretched_noise(rng, shape, cell, cell)


def make_stretched_noise(rng: np.random.Generator, shape: Shape, cell_y: float, cell_x: float) -> np.ndarray:
    """Returns noise with different lattice steps down and across, for streaks and wood grain."""
    rows, columns = (math.ceil(side / cell) + 4 for side, cell in zip(shape, (cell_y, cell_x), strict=True))
    lattice = Image.fromarray(rng.normal(size=(rows, columns)).astype("float32"))
    top, left = 1 + rng.random(2)
    box = (left, top, left + shape[1] / cell_x, top + shape[0] / cell_y)
    # The cubic between random values has about 0.55 of their spread.
    return np.asarray(lattice.resize(shape[::-1], Image.Resampling.BICUBIC, box=box)) * 1.5


def make_fractal_noise(
    rng: np.random.Generator, shape: Shape, cell: float, octaves: int = 4, gain: float = 0.5
) -> np.ndarray:
    """Returns fractal Brownian motion: octaves of `make_noise`, with half the cell and `gain` times the
    height.

    Returns:
        `(H, W) float32`, mean about 0, standard deviation about 1.
    """
    weights = [gain**octave for octave in range(octaves)]
    layers = (
        weight * make_noise(rng, shape, max(cell / 2**octave, 1.0)) for octave, weight in enumerate(weights)
    )
    total = sum(layers, np.zeros(shape, "float32"))
    return total / math.hypot(*weights)


def make_pixel_grid(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Returns pixel centers as `y, x`, each `(H, W) float32` in px."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype("float32")
    return y + 0.5, x + 0.5


def scatter_points(rng: np.random.Generator, shape: Shape, step: float) -> np.ndarray:
    """Returns one point per square of a jittered grid, shuffled: even, and faster than Poisson-disk.

    Returns:
        `(N, 2) float64`, y and x in px; points up to one `step` outside the image are among them.
    """
    rows = np.arange(-step, shape[0] + step, step)
    columns = np.arange(-step, shape[1] + step, step)
    points = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    points = points + rng.random(points.shape) * step
    return rng.permutation(points)


def average_down(fine: np.ndarray, factor: int) -> np.ndarray:
    """Averages squares of pixels: `(H * factor, W * factor, ...)` to `(H, W, ...)`."""
    rows, columns = (side // factor for side in fine.shape[:2])
    return fine.reshape(rows, factor, columns, factor, *fine.shape[2:]).mean((1, 3))


def smoothstep(low: float, high: float, x: np.ndarray) -> np.ndarray:
    """Interpolates smoothly from 0 below `low` to 1 above `high`."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
