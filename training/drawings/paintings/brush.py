"""Bristled oil strokes along a flow field, for paintings with brush strokes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from training.drawings.paintings.noise import Shape
from training.drawings.paintings.pigment import shade_relief, vary_colors

OVERSAMPLING = 2  # strokes are drawn this much larger and averaged down: smooth edges without blending
_STEPS = 12  # of a streamline
Field = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Brush:
    """The shape of a stroke; lengths in px of the image."""

    length: float
    width: float
    bristles: int
    light: float = 0.035
    hue: float = 0.012
    wobble: float = 0.25


class Canvas:
    """A canvas with three channels of color and one of thickness."""

    def __init__(self, size: Shape, ground: tuple[int, int, int]):
        self.size = size
        height, width = size
        self._paint = Image.new("RGBA", (width * OVERSAMPLING, height * OVERSAMPLING), (*ground, 60))
        # In RGBA mode lines replace what is below, the fourth channel too: it holds the thickness.
        self._pen = ImageDraw.Draw(self._paint)

    def draw_strokes(
        self, rng: np.random.Generator, starts: np.ndarray, colors: np.ndarray, flow: Field, brush: Brush
    ) -> None:
        """Draws one stroke at each start, in order.

        Args:
            rng: source of the bristles' differences.
            starts: `(N, 2)` y and x in px, the middle of each stroke.
            colors: `(N, 3)` sRGB in [0, 1].
            flow: `(N, 2)` points -> `(N, 2)` unit directions.
            brush: the brush.
        """
        paths = compute_streamlines(starts, flow, brush.length)
        count, bristles = len(starts), brush.bristles
        # Vary the color of each stroke, then of each bristle.
        stroke_colors = vary_colors(rng, colors, brush.light, brush.hue)
        tints = np.stack(
            [vary_colors(rng, stroke_colors, brush.light * 0.7, brush.hue * 0.7) for _ in range(bristles)],
            axis=1,
        )
        inks = (np.clip(tints, 0, 1) * 255 + 0.5).astype(int)
        thicknesses = rng.integers(90, 256, (count, bristles, 1))
        inks = np.concatenate([inks, thicknesses], axis=-1)
        offsets = (np.arange(bristles) + 0.5) / bristles - 0.5
        offsets = offsets * brush.width + rng.normal(size=(count, bristles)) * brush.wobble
        lines = _offset_lines(paths, offsets) * OVERSAMPLING
        first = rng.integers(0, 3, (count, bristles)) + np.abs(offsets / brush.width * 3).astype(int)
        last = (
            lines.shape[2]
            - rng.integers(0, 4, (count, bristles))
            - np.abs(offsets / brush.width * 3).astype(int)
        )
        ink_width = max(1, round(brush.width / bristles * OVERSAMPLING * 1.35))
        self._draw(lines, inks, first, np.maximum(last, first + 2), ink_width)

    def _draw(self, lines, inks, first, last, width):
        points, colors = lines[..., ::-1].tolist(), inks.tolist()
        for stroke in range(len(points)):
            for bristle, line in enumerate(points[stroke]):
                part = line[first[stroke, bristle] : last[stroke, bristle]]
                flat = [value for point in part for value in point]
                self._pen.line(flat, fill=tuple(colors[stroke][bristle]), width=width)

    def render(self, relief: float) -> np.ndarray:
        """Renders the canvas in light from the upper left. Returns `(H, W, 3) float` in [0, 1]."""
        height, width = self.size
        small = np.asarray(self._paint.resize((width, height), Image.Resampling.BOX, reducing_gap=None))
        layers = small.astype("float32") / 255
        return shade_relief(layers[..., :3], layers[..., 3] * 6, relief)


def compute_streamlines(starts: np.ndarray, flow: Field, length: float) -> np.ndarray:
    """Computes streamlines through the starts in both directions, by Euler steps of the flow.

    Returns:
        `(N, _STEPS + 1, 2)` y and x in px.
    """
    step = length / _STEPS
    halves = []
    for sign in (-1, 1):
        point, line = starts, []
        for _ in range(_STEPS // 2):
            point = point + sign * step * flow(point)
            line.append(point)
        halves.append(line)
    return np.stack([*halves[0][::-1], starts, *halves[1]], axis=1)


def _offset_lines(paths, offsets):
    """Shifts the streamlines sideways by each bristle's offset: `(N, B, P, 2)`."""
    along = np.gradient(paths, axis=1)
    along /= np.linalg.norm(along, axis=-1, keepdims=True) + 1e-6
    across = np.stack([along[..., 1], -along[..., 0]], axis=-1)
    return paths[:, None] + offsets[:, :, None, None] * across[:, None]


def make_sampler(direction_y: np.ndarray, direction_x: np.ndarray) -> Field:
    """Returns a `Field` that samples two `(H, W)` arrays at the nearest pixel, clamped to the border."""
    height, width = direction_y.shape
    norm = np.hypot(direction_y, direction_x) + 1e-6
    field = np.stack([direction_y / norm, direction_x / norm], axis=-1)

    def flow(points: np.ndarray) -> np.ndarray:
        rows = np.clip(points[:, 0].astype(int), 0, height - 1)
        columns = np.clip(points[:, 1].astype(int), 0, width - 1)
        return field[rows, columns]

    return flow


def sample_at(values: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Samples `(H, W, ...)` at `(N, 2)` points, clamped to the border."""
    rows = np.clip(points[:, 0].astype(int), 0, values.shape[0] - 1)
    columns = np.clip(points[:, 1].astype(int), 0, values.shape[1] - 1)
    return values[rows, columns]
