"""Oil strokes along curl noise (Bridson et al. 2007) with a few whirls: wheat, hills and a windy sky."""

from __future__ import annotations

import numpy as np

from studio.style.paintings.brush import Brush, Canvas, at, sampler
from studio.style.paintings.noise import Shape, fractal, grid, scattered, smooth, smoothstep
from studio.style.paintings.pigment import finished, over, palette, ramp

SKY = palette("#0c2c5e", "#15508f", "#2484b5", "#58b6bd", "#a9dcc3", "#f3ecc0")
SUN = palette("#fff6c4", "#ffe169", "#ffb93a", "#f58c2c")
HILLS = palette("#0f2a4f", "#1d4f6b", "#2f7a6d", "#6ea567", "#b9b65a")
WHEAT = palette("#7c3f12", "#b96a17", "#e2981f", "#f6c243", "#fbe387", "#8aa24a")
CYPRESS = palette("#07180f", "#12351f", "#215530", "#3f7a3d")
BRUSHES = (
    (Brush(74, 15, 9, light=0.04), 11.0, 0.9),
    (Brush(46, 8.5, 6, light=0.045), 7.5, 1.0),
    (Brush(26, 4.5, 4, light=0.05), 9.0, 1.3),
)


def draw(seed: int, size: Shape) -> np.ndarray:
    """Paints the field. Returns `(H, W, 3) uint8`."""
    rng = np.random.default_rng(seed)
    unit = min(size) / 512
    colour, flow = _scene(rng, size, unit)
    canvas = Canvas(size, (120, 70, 30))
    for brush, step, spread in BRUSHES:
        scaled = Brush(
            brush.length * unit,
            brush.width * unit,
            brush.bristles,
            brush.light,
            brush.hue,
            brush.wobble * unit,
        )
        starts = scattered(rng, size, step * unit)
        if spread > 1:
            starts = starts[rng.random(len(starts)) < 0.6]
        tones = at(colour, starts + rng.normal(size=starts.shape) * 3 * unit)
        tones = tones * (1 + rng.normal(size=(len(starts), 1)) * 0.07 * spread)
        canvas.strokes(rng, starts, np.clip(tones, 0, 1), flow, scaled)
    return finished(canvas.picture(relief=0.34))


def _scene(rng, size, unit):
    """The colour of each pixel, and the direction of the strokes there."""
    y, x = grid(size)
    sun = np.array([size[0] * 0.24, size[1] * rng.uniform(0.62, 0.78)])
    image, angle = _sky(rng, size, unit, y, x, sun)
    ridge = size[0] * 0.56
    for index, drop in enumerate((0.0, 0.06, 0.12)):
        wave = np.sin(x / size[1] * (5 + 2 * index) + rng.random() * 6) * 0.035
        top = ridge + size[0] * (drop + wave)
        slope = np.arctan(np.gradient(top, axis=1))
        hill = smoothstep(-1, 1, y - top)
        tone = 0.1 + 0.28 * index + (y - top) / (size[0] * 0.2) + 0.12 * smooth(rng, size, 30 * unit)
        image = over(image, ramp(HILLS, tone), hill)
        angle = np.where(hill > 0.5, slope + 0.25 * smooth(rng, size, 50 * unit), angle)
    image, angle = _wheat(rng, size, unit, y, x, image, angle)
    return image, sampler(np.sin(angle), np.cos(angle))


def _sky(rng, size, unit, y, x, sun):
    potential = fractal(rng, size, 170 * unit, 2) * 60 * unit + y * 1.3
    glow = np.hypot(y - sun[0], x - sun[1])
    potential += 150 * unit * np.exp(-((glow / (105 * unit)) ** 2)) * np.where(glow > 0, 1, 1)
    for spot in ((0.2, 0.2), (0.36, 0.42), (0.1, 0.5)):
        away = np.hypot(
            y - (spot[0] + rng.normal() * 0.03) * size[0], x - (spot[1] + rng.normal() * 0.05) * size[1]
        )
        potential += rng.uniform(80, 120) * unit * np.exp(-((away / (62 * unit)) ** 2))
    down, right = np.gradient(potential)
    angle = np.arctan2(-right, down)  # the curl: along the potential's contour lines
    bands = np.sin(potential / (15 * unit)) * 0.24 + 0.14 * fractal(rng, size, 60 * unit, 3)
    tone = 0.36 + bands + 0.38 * np.exp(-((glow / (190 * unit)) ** 2)) + 0.12 * y / size[0]
    image = ramp(SKY, tone)
    disc = 1 - smoothstep(62 * unit, 74 * unit, glow + 5 * unit * smooth(rng, size, 20 * unit))
    return over(image, ramp(SUN, glow / (72 * unit)), disc), angle


def _wheat(rng, size, unit, y, x, image, angle):
    top = size[0] * (0.72 + 0.03 * np.sin(x / size[1] * 4 + rng.random() * 6))
    depth = (y - top) / (size[0] - top)
    field = smoothstep(-1, 1, y - top)
    gust = fractal(rng, size, 80 * unit, 3)
    tone = 0.5 + 0.2 * depth + 0.2 * gust + 0.14 * np.sin(depth * 22 + gust)
    lean = -np.pi / 2 + 0.55 * smooth(rng, size, 90 * unit) + 0.35
    return over(image, ramp(WHEAT, tone), field), np.where(field > 0.5, lean, angle)
