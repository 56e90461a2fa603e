"""Watercolour: translucent blooms of deformed polygons (after Tyler Hobbs), wet edges, granulation, paper."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from studio.style.paintings.noise import Shape, fractal, grid, smooth, smoothstep
from studio.style.paintings.pigment import finished, lit, palette, paper, ramp

PAPER = palette("#fbf5e6")[0]
SKY = palette("#f6c79b", "#f0a08c", "#c98bb0", "#7f8fc9", "#3f74b4")
HILLS = palette("#8fa6cf", "#6f7fb8", "#4f6f9c", "#2f6f80", "#1f5a58", "#173f45")
BLOOMS = palette("#d8345f", "#e8613c", "#f0a72c", "#b03a8c", "#7a3fa0", "#e04f80")
LEAVES = palette("#2f6b3c", "#5f8f3a", "#1f5a58", "#8aa53f")


def draw(seed: int, size: Shape) -> np.ndarray:
    """Paints the sheet. Returns `(H, W, 3) uint8`."""
    rng = np.random.default_rng(seed)
    unit = min(size) / 512
    tooth = paper(rng, size)
    # Pigment absorbs: layers add up as optical density, so that where two overlap both show.
    density = np.zeros((*size, 3), "float32")
    density += _sky(rng, size, unit, tooth)
    for index in range(5):
        density += _hill(rng, size, unit, tooth, index)
    cloud = 0.8 + 0.24 * fractal(rng, size, 45 * unit, 4)
    for outline, colour in _flowers(rng, size, unit):
        area = _around(outline, size, 8 * unit)
        mask = _filled(size, outline, area)
        density[area] += _layer(mask, colour, cloud[area], tooth[area], unit)
    sheet = PAPER * np.exp(-density)
    return finished(lit(sheet, tooth * 0.5, 0.06))


def _absorbed(colour):
    return np.clip(-np.log(np.clip(colour, 0.02, 1) / PAPER), 0, None)


def _layer(mask, colour, cloud, tooth, unit):
    """One glaze: pigment gathers at its wet edge, in the paper's hollows and in slow clouds."""
    soft = ndimage.gaussian_filter(mask, 0.7)
    edge = np.clip(soft - ndimage.gaussian_filter(mask, 3.2 * unit), 0, 1) * 1.3
    grains = 1 - 0.13 * tooth
    amount = (soft * cloud * grains).clip(0) * 0.85 + edge * soft
    return _absorbed(colour) * amount[..., None]


def _sky(rng, size, unit, tooth):
    y, _ = grid(size)
    flow = fractal(rng, size, 140 * unit, 4)
    colour = ramp(SKY, 1 - y / (size[0] * 0.62) + 0.16 * flow)
    bloom = fractal(rng, size, 90 * unit, 5, 0.6)
    front = smoothstep(0.0, 0.05, bloom - 0.35) * np.exp(-((bloom - 0.35) / 0.5).clip(0))
    amount = 0.75 + 0.22 * flow - 0.35 * smoothstep(0.3, 0.42, bloom) + 0.35 * front
    return _absorbed(colour) * (amount * (1 - 0.16 * tooth)).clip(0.06)[..., None]


def _hill(rng, size, unit, tooth, index):
    y, _ = grid(size)
    jag = fractal(rng, (1, size[1]), (190 - 25 * index) * unit, 5)[0]
    top = (
        size[0] * (0.36 + 0.1 * index)
        - (34 - 2 * index) * unit * jag
        + 18 * unit * np.sin(np.arange(size[1]) / (110 * unit) + 2.3 * index)
    )
    mask = smoothstep(-1, 1.2 * unit, y - top[None] + 1.5 * smooth(rng, size, 5 * unit))
    fade = 1 - 0.72 * smoothstep(0, (120 + 20 * index) * unit, y - top[None])
    cloud = 0.55 + 0.16 * fractal(rng, size, 55 * unit, 4)
    return _layer(mask, HILLS[index + 1] * 0.4 + HILLS[index] * 0.6, cloud, tooth, unit) * fade[..., None]


def _flowers(rng, size, unit):
    """Outlines and colours of leaves and petals in the foreground, back to front."""
    for _ in range(46):
        root = np.array([size[0] * rng.uniform(0.82, 1.08), size[1] * rng.uniform(-0.02, 1.02)])
        tip = root - [rng.uniform(50, 190) * unit, rng.normal() * 55 * unit]
        yield _blade(root, tip, rng.uniform(3, 9) * unit), LEAVES[rng.integers(len(LEAVES))]
    for _ in range(30):
        centre = np.array([size[0] * (0.97 - 0.42 * rng.beta(1.3, 1.6)), size[1] * rng.uniform(0, 1)])
        radius = rng.uniform(14, 40) * unit
        colour = BLOOMS[rng.integers(len(BLOOMS))]
        for _ in range(3):
            yield (
                _petals(rng, centre + rng.normal(size=2) * radius * 0.25, radius),
                colour * rng.uniform(0.85, 1.1),
            )


def _blade(root, tip, width):
    t = np.linspace(0, 1, 20)
    spine = root + (tip - root) * t[:, None] + np.array([0, 1]) * (np.sin(t * 2.5) * width * 2)[:, None]
    half = np.sin(t * np.pi * 0.95 + 0.1) * width
    outline = np.concatenate([spine + np.c_[np.zeros(20), half], (spine - np.c_[np.zeros(20), half])[::-1]])
    return outline


def _petals(rng, centre, radius):
    """A bloom: a polygon whose edges are split and pushed out again and again (midpoint displacement)."""
    angles = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    shape = radius * (1 + 0.28 * np.sin(angles * 5 + rng.random() * 6) + rng.normal(size=10) * 0.12)
    outline = centre + shape[:, None] * np.stack([np.sin(angles) * 0.8, np.cos(angles)], axis=-1)
    for _ in range(4):
        following = np.roll(outline, -1, axis=0)
        length = np.linalg.norm(following - outline, axis=1, keepdims=True)
        middle = (outline + following) / 2 + rng.normal(size=outline.shape) * length * 0.17
        outline = np.stack([outline, middle], axis=1).reshape(-1, 2)
    return outline


def _around(outline, size, margin):
    """The part of the sheet that a shape and its wet edge touch, as two slices."""
    low, high = outline.min(0) - margin, outline.max(0) + margin
    return tuple(
        slice(int(np.clip(a, 0, side - 2)), int(np.clip(b, 1, side)) + 1)
        for a, b, side in zip(low, high, size, strict=True)
    )


def _filled(size, outline, area):
    """The shape's mask inside `area`, with smooth edges."""
    rows, columns = area
    height, width = min(rows.stop, size[0]) - rows.start, min(columns.stop, size[1]) - columns.start
    mask = Image.new("L", (width * 2, height * 2))
    moved = (outline - [rows.start, columns.start])[:, ::-1] * 2
    ImageDraw.Draw(mask).polygon([tuple(point) for point in moved.tolist()], fill=255)
    return np.asarray(mask.reduce(2)).astype("float32") / 255
