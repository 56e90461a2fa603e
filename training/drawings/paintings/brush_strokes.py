"""Oil strokes along curl noise (Bridson et al. 2007) with a few whirls: wheat, hills and a windy sky."""

from __future__ import annotations

import numpy as np

from training.drawings.paintings.brush import Brush, Canvas, make_sampler, sample_at
from training.drawings.paintings.noise import (
    Shape,
    make_fractal_noise,
    make_noise,
    make_pixel_grid,
    scatter_points,
    smoothstep,
)
from training.drawings.paintings.pigment import blend, interpolate_colors, parse_palette, to_uint8

SKY = parse_palette("#0c2c5e", "#15508f", "#2484b5", "#58b6bd", "#a9dcc3", "#f3ecc0")
SUN = parse_palette("#fff6c4", "#ffe169", "#ffb93a", "#f58c2c")
HILLS = parse_palette("#0f2a4f", "#1d4f6b", "#2f7a6d", "#6ea567", "#b9b65a")
WHEAT = parse_palette("#7c3f12", "#b96a17", "#e2981f", "#f6c243", "#fbe387", "#8aa24a")
CYPRESS = parse_palette("#0a1a24", "#123a2c", "#24583a", "#5b8a3f", "#a8a94a")
POPPY = parse_palette("#d23a1c")[0]
BRUSHES = (
    (Brush(74, 15, 6, light=0.04), 11.0, 0.9),
    (Brush(44, 8.5, 4, light=0.035), 7.5, 1.0),
    (Brush(24, 5.2, 3, light=0.03), 7.0, 1.5),
)


def draw(seed: int, size: Shape) -> np.ndarray:
    """Paints the field. Returns `(H, W, 3) uint8`."""
    rng = np.random.default_rng(seed)
    unit = min(size) / 512
    color, flow = _draw_scene(rng, size, unit)
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
        starts = scatter_points(rng, size, step * unit)
        if spread > 1:
            starts = starts[rng.random(len(starts)) < 0.6]
        tones = sample_at(color, starts + rng.normal(size=starts.shape) * 3 * unit)
        tones = tones * (1 + rng.normal(size=(len(starts), 1)) * 0.06 * spread)
        canvas.draw_strokes(rng, starts, np.clip(tones, 0, 1), flow, scaled)
    return to_uint8(canvas.render(relief=0.2))


def _draw_scene(rng, size, unit):
    """Returns the color of each pixel and the direction of the strokes."""
    y, x = make_pixel_grid(size)
    sun = np.array([size[0] * 0.24, size[1] * rng.uniform(0.6, 0.74)])
    image, angle = _draw_sky(rng, size, unit, y, x, sun)
    ridge = size[0] * 0.56
    for index, drop in enumerate((0.0, 0.06, 0.12)):
        wave = np.sin(x / size[1] * (5 + 2 * index) + rng.random() * 6) * 0.035
        top = ridge + size[0] * (drop + wave)
        slope = np.arctan(np.gradient(top, axis=1))
        hill = smoothstep(-1, 1, y - top)
        tone = (
            -0.1
            + 0.3 * index
            + (y - top) / (size[0] * 0.2)
            + 0.3 * make_fractal_noise(rng, size, 50 * unit, 2)
        )
        image = blend(image, interpolate_colors(HILLS, tone), hill)
        angle = np.where(hill > 0.5, slope + 0.25 * make_noise(rng, size, 50 * unit), angle)
    image, angle = _draw_wheat(rng, size, unit, y, x, image, angle)
    image, angle = _draw_cypresses(rng, size, unit, y, x, image, angle)
    return image, make_sampler(np.sin(angle), np.cos(angle))


def _draw_sky(rng, size, unit, y, x, sun):
    """Draws a sky of wind with whirls, and rings of light near the sun."""
    glow = np.hypot(y - sun[0], x - sun[1])
    potential = make_fractal_noise(rng, size, 170 * unit, 2) * 60 * unit + y * 1.3
    for spot in ((0.2, 0.14), (0.38, 0.4), (0.07, 0.45), (0.42, 0.97)):
        center = (np.array(spot) + rng.normal(size=2) * 0.03) * size
        away = np.hypot(y - center[0], x - center[1])
        potential += rng.uniform(80, 120) * unit * np.exp(-((away / (62 * unit)) ** 2))
    near = smoothstep(165 * unit, 75 * unit, glow)
    potential = potential * (1 - near) - glow * 1.6 * near
    down, right = np.gradient(potential)
    angle = np.arctan2(-right, down)  # the curl: along the potential's contour lines
    bands = np.sin(potential / (15 * unit)) * 0.24 + 0.14 * make_fractal_noise(rng, size, 60 * unit, 3)
    tone = 0.34 + bands * (1 - 0.5 * near) + 0.12 * y / size[0]
    image = interpolate_colors(SKY, tone + 0.36 * np.exp(-((glow / (170 * unit)) ** 2)))
    halo = (1 - smoothstep(60 * unit, 118 * unit, glow)) * (0.62 + 0.38 * np.sin(glow / (6 * unit)))
    image = blend(image, SUN[1] * 0.6 + SKY[5] * 0.4, halo)
    disc = 1 - smoothstep(50 * unit, 56 * unit, glow)
    return blend(image, interpolate_colors(SUN, glow / (56 * unit)), disc), angle


def _draw_wheat(rng, size, unit, y, x, image, angle):
    """Draws wheat that leans with the gusts, tawny in the troughs, with poppies."""
    top = size[0] * (0.7 + 0.035 * np.sin(x / size[1] * 4 + rng.random() * 6)) + 7 * unit * make_noise(
        rng, size, 9 * unit
    )
    depth = (y - top) / (size[0] - top)
    field = smoothstep(-1, 1, y - top)
    gust = make_fractal_noise(rng, size, 80 * unit, 3)
    tone = 0.42 + 0.16 * depth + 0.2 * gust + 0.16 * np.sin(depth * 19 + 1.6 * gust)
    wheat = interpolate_colors(WHEAT, tone)
    poppies = make_noise(rng, size, 13 * unit) + 0.5 * make_noise(rng, size, 70 * unit)
    wheat = blend(wheat, POPPY, smoothstep(1.75, 1.95, poppies) * smoothstep(0.06, 0.2, depth))
    lean = -np.pi / 2 + 0.6 * make_noise(rng, size, 90 * unit) + 0.4
    return blend(image, wheat, field), np.where(field > 0.5, lean, angle)


def _draw_cypresses(rng, size, unit, y, x, image, angle):
    """Draws two dark cypresses."""
    for across, height, girth in ((0.13, 0.74, 30), (0.225, 0.44, 19)):
        foot = size[1] * (across + rng.normal() * 0.015)
        up = (size[0] * 0.86 - y) / (size[0] * height)
        sway = 9 * unit * np.sin(up * 7 + rng.random() * 6) * up
        half = girth * unit * np.sqrt(np.clip(up + 0.12, 0, 1)) * np.clip(1.15 - up, 0, 1) * 1.9
        half = half * (1 + 0.22 * make_noise(rng, size, 22 * unit))
        side = (x - foot - sway) / np.maximum(half, 1)
        tree = (
            smoothstep(1.08, 0.92, np.abs(side)) * (up > 0.02 * make_noise(rng, size, 8 * unit)) * (up < 1.15)
        )
        tone = 0.35 + 0.3 * np.sin(side * 5 + 9 * up) + 0.2 * make_noise(rng, size, 16 * unit) - 0.15 * side
        image = blend(image, interpolate_colors(CYPRESS, tone), tree)
        angle = np.where(tree > 0.5, -np.pi / 2 + 0.5 * side + 0.45 * np.sin(up * 16 + side), angle)
    return image, angle
