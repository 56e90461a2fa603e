"""Dots of pure color side by side: divisionism on a relaxed, jittered grid. A lake at dawn, with sails."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from training.drawings.paintings.brush import sample_at
from training.drawings.paintings.noise import (
    Shape,
    make_fractal_noise,
    make_noise,
    make_pixel_grid,
    scatter_points,
    smoothstep,
)
from training.drawings.paintings.pigment import (
    blend,
    from_oklab,
    interpolate_colors,
    parse_palette,
    shade_relief,
    to_oklab,
    to_uint8,
)

SKY = parse_palette("#22a7b5", "#5fcab0", "#a9e0a0", "#f2ea8e", "#ffc86e", "#ff9d6b")
TREES = parse_palette("#43237a", "#5a3f9c", "#2f6fa0", "#2f9a6a", "#8fc04a", "#f2d85a")
SHORE = parse_palette("#4a1f70", "#8a2f86", "#d63f72", "#f57850", "#ffb84a", "#b9cc4a")
SAIL, HULL, SUN = parse_palette("#fff3d6", "#4a1f4f", "#ff7a4a")
GROUND = parse_palette("#eadbb8")[0]
OVERSAMPLING = 2
LAYERS = (5.6, 4.4, 3.1)  # radius in px: broad dots first, small ones in the gaps


def draw(seed: int, size: Shape) -> np.ndarray:
    """Paints the lake. Returns `(H, W, 3) uint8`."""
    rng = np.random.default_rng(seed)
    unit = min(size) / 512
    scene = _draw_scene(rng, size, unit)
    ground = tuple((GROUND * 255).astype(int).tolist())
    sheet = Image.new("RGBA", (size[1] * OVERSAMPLING, size[0] * OVERSAMPLING), (*ground, 70))
    pen = ImageDraw.Draw(sheet)
    for radius in LAYERS:
        points = scatter_points(rng, size, radius * 2.0 * unit)
        _draw_dots(rng, pen, points, _divide_colors(rng, sample_at(scene, points)), radius * unit)
    paint = np.asarray(sheet.reduce(OVERSAMPLING)).astype("float32") / 255
    return to_uint8(shade_relief(paint[..., :3], paint[..., 3] * 4 * unit, 0.24))


def _draw_scene(rng, size, unit):
    """Draws the scene that the dots approximate: sky, far trees, reflecting water, sails, a bank."""
    y, x = make_pixel_grid(size)
    water = size[0] * 0.46
    sun = (size[0] * 0.3, size[1] * rng.uniform(0.45, 0.7))
    above = _draw_sky_and_trees(rng, size, unit, y, x, sun, water)
    depth = np.clip((y - water) / (size[0] - water), 0, 1)
    ripple = (
        (2 + 16 * depth) * unit * np.sin(y / ((3 + 5 * depth) * unit) + 2 * make_noise(rng, size, 60 * unit))
    )
    mirrored = sample_at(above, np.stack([2 * water - y - ripple * 0.3, x + ripple], axis=-1).reshape(-1, 2))
    lake = blend(mirrored.reshape(*size, 3), parse_palette("#128a9c")[0], 0.22 + 0.3 * depth)
    road = np.exp(-(((x - sun[1]) / ((26 + 60 * depth) * unit)) ** 2)) * (
        0.5 + 0.5 * np.sin(y / (4.5 * unit))
    )
    lake = blend(lake, parse_palette("#ff9a5a")[0], 0.8 * road)
    image = np.where((y > water)[..., None], lake, above)
    for across, level, height in ((0.2, 0.57, 120), (0.86, 0.52, 84), (0.33, 0.51, 56)):
        image = _draw_boat(
            image, y, x, (level * size[0], (across + rng.normal() * 0.02) * size[1]), height * unit
        )
    return _draw_bank(rng, image, size, unit, y, x)


def _draw_sky_and_trees(rng, size, unit, y, x, sun, water):
    away = np.hypot(y - sun[0], x - sun[1])
    cloud = make_fractal_noise(rng, size, 120 * unit, 3) + 0.6 * np.sin(
        y / (17 * unit) + make_noise(rng, size, 120 * unit)
    )
    tone = y / water * 0.72 + 0.13 * cloud + 0.34 * np.exp(-((away / (120 * unit)) ** 2))
    rings = (0.5 + 0.5 * np.sin(away / (7 * unit))) * smoothstep(130 * unit, 50 * unit, away)
    image = blend(
        blend(interpolate_colors(SKY, tone), SUN, 0.7 * rings), SUN, smoothstep(42 * unit, 34 * unit, away)
    )
    crown = make_fractal_noise(rng, (1, size[1]), 60 * unit, 4, 0.6)[0]
    ends = np.abs(np.arange(size[1]) / size[1] - 0.52) ** 1.5 * 190
    top = water - (22 + ends + 13 * crown) * unit
    trees = smoothstep(-2 * unit, 2 * unit, y - top[None])
    tone = 0.75 - 0.75 * (y - top[None]) / (water - top[None] + 1) + 0.22 * make_noise(rng, size, 17 * unit)
    return blend(image, interpolate_colors(TREES, tone), trees)


def _draw_boat(image, y, x, foot, height):
    """Draws two sails, a hull and their broken reflection."""
    for flip, strength in ((1, 1.0), (-1, 0.55)):
        up = (foot[0] - y) * flip / height
        across = (x - foot[1]) / height + (0 if flip > 0 else 0.05 * np.sin(y / height * 40))
        main = (up > 0.06) & (up < 1) & (across > 0.02) & (across < 0.5 * np.clip(1 - up, 0, 1) ** 0.8)
        jib = (up > 0.1) & (up < 0.85) & (across < -0.01) & (across > -0.34 * (1 - up / 0.9))
        hull = (up > -0.06) & (up <= 0.06) & (np.abs(across - 0.08) < 0.42 + up * 1.2)
        shade = np.where(across > 0.14, 0.25, 0.0)[..., None]
        sail = SAIL * (1 - shade) + parse_palette("#f2a07a")[0] * shade
        image = blend(image, sail, (main | jib) * strength)
        image = blend(image, HULL, hull * strength)
    return image


def _draw_bank(rng, image, size, unit, y, x):
    """Draws a flowering bank in the foreground, higher at one side."""
    side = rng.choice((-1, 1))
    rise = (0.5 + 0.5 * np.tanh(side * (x / size[1] - 0.5) * 4)) * 0.15
    top = size[0] * (0.9 - rise) + 9 * unit * make_noise(rng, size, 45 * unit)
    tone = 0.3 + (y - top) / (size[0] * 0.34) + 0.28 * make_fractal_noise(rng, size, 34 * unit, 3)
    grass = interpolate_colors(SHORE, tone)
    blossom = make_noise(rng, size, 11 * unit)
    grass = blend(grass, parse_palette("#f26a8c")[0], smoothstep(1.1, 1.4, blossom))
    return blend(image, grass, smoothstep(-2 * unit, 2 * unit, y - top))


def _divide_colors(rng, colors):
    """Varies the colors of dots so that neighbors mix optically: neighboring hues and some complements."""
    lab = to_oklab(colors)
    count = len(lab)
    lab[:, 1:] *= np.where(rng.random((count, 1)) < 0.07, -0.8, 1.15)
    angle = rng.random(count) * 2 * np.pi
    lab[:, 1:] += 0.042 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    lab[:, 0] += rng.normal(size=count) * 0.05
    return from_oklab(lab)


def _draw_dots(rng, pen, points, colors, radius):
    """Draws one slightly elongated dot per point."""
    radii = radius * (1 + rng.normal(size=(len(points), 2)) * 0.14) * OVERSAMPLING
    thick = rng.integers(120, 256, len(points)).tolist()
    centers = points[:, ::-1] * OVERSAMPLING
    boxes = np.concatenate([centers - np.abs(radii), centers + np.abs(radii)], axis=1).tolist()
    inks = (np.clip(colors, 0, 1) * 255 + 0.5).astype(int).tolist()
    for box, ink, height in zip(boxes, inks, thick, strict=True):
        pen.ellipse(box, fill=(*ink, height))
