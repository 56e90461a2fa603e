"""Watercolor: translucent blooms of deformed polygons (after Tyler Hobbs), wet edges, granulation, paper."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from training.drawings.paintings.noise import (
    Shape,
    make_fractal_noise,
    make_noise,
    make_pixel_grid,
    smoothstep,
)
from training.drawings.paintings.pigment import (
    interpolate_colors,
    make_paper,
    parse_palette,
    shade_relief,
    to_uint8,
)

PAPER = parse_palette("#fbf5e6")[0]
SKY = parse_palette("#fbdca0", "#f8b48c", "#e39ab4", "#a99ad6", "#6f9fdc", "#3d78c4")
HILLS = parse_palette("#a7a6d6", "#7f8cc6", "#5c86b4", "#4f97a0", "#6aa889")
BLOOMS = parse_palette("#f0708c", "#f58a62", "#f9c052", "#d873b4", "#a17ccf", "#f4879f", "#f25c54")
LEAVES = parse_palette("#5f9a68", "#93b95c", "#4f8f8c", "#b9c765", "#3f7f62")


def draw(seed: int, size: Shape) -> np.ndarray:
    """Paints the sheet. Returns `(H, W, 3) uint8`."""
    rng = np.random.default_rng(seed)
    unit = min(size) / 512
    tooth = make_paper(rng, size)
    # Pigment absorbs: layers add up as optical density, so that where two overlap both show.
    density = np.zeros((*size, 3), "float32")
    density += _draw_sky(rng, size, unit, tooth)
    for index in range(5):
        density += _draw_hill(rng, size, unit, tooth, index)
    cloud = 0.8 + 0.24 * make_fractal_noise(rng, size, 45 * unit, 4)
    for outline, color in _list_flowers(rng, size, unit):
        area = _locate_area(outline, size, 8 * unit)
        mask = _draw_mask(size, outline, area)
        density[area] += _make_glaze(mask, color, cloud[area], tooth[area], unit)
    sheet = PAPER * np.exp(-density)
    return to_uint8(shade_relief(sheet, tooth * 0.5, 0.06))


def _to_density(color):
    return np.clip(-np.log(np.clip(color, 0.02, 1) / PAPER), 0, None)


def _make_glaze(mask, color, cloud, tooth, unit):
    """Returns one glaze: pigment gathers at its wet edge, in the paper's hollows and in clouds."""
    soft = ndimage.gaussian_filter(mask, 0.7)
    edge = np.clip(soft - ndimage.gaussian_filter(mask, 3.2 * unit), 0, 1) * 1.3
    grains = 1 - 0.13 * tooth
    amount = (soft * cloud * grains).clip(0) * 0.85 + edge * soft
    return _to_density(color) * amount[..., None]


def _draw_sky(rng, size, unit, tooth):
    """Draws the sky wet in wet, with backruns where water pushed pigment away."""
    y, _ = make_pixel_grid(size)
    flow = make_fractal_noise(rng, size, 150 * unit, 4)
    color = interpolate_colors(SKY, 1 - y / (size[0] * 0.58) + 0.2 * flow)
    amount = 0.8 + 0.2 * make_fractal_noise(rng, size, 70 * unit, 3)
    for _ in range(4):
        level = make_fractal_noise(rng, size, 120 * unit, 5, 0.6) - rng.uniform(0.5, 1.1)
        inside = smoothstep(-0.02, 0.06, level)
        front = np.exp(-(((level - 0.03) / 0.06) ** 2))
        amount = amount * (1 - 0.38 * inside) + 0.3 * front
    return _to_density(color) * (amount * (1 - 0.12 * tooth)).clip(0.08)[..., None]


def _draw_hill(rng, size, unit, tooth, index):
    """Draws a ridge of mountains, dark at the crest and misty at the foot."""
    y, _ = make_pixel_grid(size)
    columns = np.arange(size[1]) / unit
    jag = make_fractal_noise(rng, (1, size[1]), (200 - 25 * index) * unit, 5, 0.42)[0]
    top = size[0] * (0.33 + 0.085 * index) - (36 - 3 * index) * unit * jag
    top = top + 20 * unit * np.sin(columns / 105 + 2.3 * index + rng.random())
    below = y - top[None]
    mask = smoothstep(-1, 1.4 * unit, below + 1.2 * unit * make_noise(rng, size, 6 * unit))
    cloud = 0.55 + 0.2 * make_fractal_noise(rng, size, 45 * unit, 4)
    mist = 1 - 0.86 * smoothstep(
        0, (95 + 10 * index) * unit, below + 18 * unit * make_fractal_noise(rng, size, 50 * unit, 3)
    )
    return _make_glaze(mask, HILLS[index], cloud, tooth, unit) * mist[..., None]


def _list_flowers(rng, size, unit):
    """Yields outlines and colors of leaves and blooms in the foreground, back to front."""
    for depth in np.linspace(0, 1, 9):
        level = size[0] * (0.66 + 0.36 * depth)
        for _ in range(7):
            root = np.array([level + rng.uniform(0.06, 0.16) * size[0], size[1] * rng.uniform(-0.02, 1.02)])
            tip = root - [rng.uniform(50, 120) * (0.6 + depth) * unit, rng.normal() * 45 * unit]
            yield (
                _blade_outline(root, tip, rng.uniform(3, 8) * (0.5 + depth) * unit),
                LEAVES[rng.integers(len(LEAVES))] ** 0.8,
            )
        for _ in range(7):
            center = np.array([level + rng.normal() * 12 * unit, size[1] * rng.uniform(-0.02, 1.02)])
            radius = rng.uniform(9, 19) * (0.55 + 0.9 * depth) * unit
            color = BLOOMS[rng.integers(len(BLOOMS))] ** 0.7
            # Three pale glazes of one bloom, not quite on each other: its heart is deeper than its rim.
            for scale in (1.15, 0.85, 0.45):
                yield _bloom_outline(rng, center + rng.normal(size=2) * radius * 0.16, radius * scale), color


def _blade_outline(root, tip, width):
    t = np.linspace(0, 1, 20)
    spine = root + (tip - root) * t[:, None] + np.array([0, 1]) * (np.sin(t * 2.5) * width * 2)[:, None]
    half = np.sin(t * np.pi * 0.95 + 0.1) * width
    return np.concatenate([spine + np.c_[np.zeros(20), half], (spine - np.c_[np.zeros(20), half])[::-1]])


def _bloom_outline(rng, center, radius):
    """Returns the outline of a bloom, by midpoint displacement of a polygon."""
    angles = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    shape = radius * (1 + 0.28 * np.sin(angles * 5 + rng.random() * 6) + rng.normal(size=10) * 0.12)
    outline = center + shape[:, None] * np.stack([np.sin(angles) * 0.8, np.cos(angles)], axis=-1)
    for _ in range(4):
        following = np.roll(outline, -1, axis=0)
        length = np.linalg.norm(following - outline, axis=1, keepdims=True)
        middle = (outline + following) / 2 + rng.normal(size=outline.shape) * length * 0.17
        outline = np.stack([outline, middle], axis=1).reshape(-1, 2)
    return outline


def _locate_area(outline, size, margin):
    """Returns the area of a shape and its wet edge, as two slices."""
    low, high = outline.min(0) - margin, outline.max(0) + margin
    return tuple(
        slice(int(np.clip(a, 0, side - 2)), int(np.clip(b, 1, side)) + 1)
        for a, b, side in zip(low, high, size, strict=True)
    )


def _draw_mask(size, outline, area):
    """Returns the antialiased mask of a shape inside `area`."""
    rows, columns = area
    height, width = min(rows.stop, size[0]) - rows.start, min(columns.stop, size[1]) - columns.start
    mask = Image.new("L", (width * 2, height * 2))
    pixels = (outline - [rows.start, columns.start])[:, ::-1] * 2
    ImageDraw.Draw(mask).polygon([tuple(point) for point in pixels.tolist()], fill=255)
    return np.asarray(mask.reduce(2)).astype("float32") / 255
