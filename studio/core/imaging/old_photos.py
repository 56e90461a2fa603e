"""Draws old photos from new ones: faded, grainy prints with scratches, hairs and dust. Loads no Keras.

They are samples to restore, and examples from which a network learns to find damage.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from studio.core.imaging import image_io

_SCALE = 4  # damage is drawn larger by this factor, then reduced, which makes its edges soft
_GRAY = image_io.LUMA.astype("float32")
_SEPIA_BLACK, _SEPIA_WHITE = np.array([38.0, 30.0, 24.0]), np.array([238.0, 222.0, 190.0])
_SAMPLE_SEED, _SAMPLE_GRAIN = 3, 3.0
_SAMPLE_DENSITY = 0.35  # of the damage of training examples, which are small
_MIN_OPACITY, _MIN_CHANGE = 0.2, 6.0  # from which a pixel is damaged; the latter in levels


def draw_sample(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns an old sepia print of a photo, always the same, and where it is damaged.

    Args:
        photo: `(H, W, 3) uint8`.

    Returns:
        The print, `(H, W, 3) uint8`, and the damage, `(H, W) bool`.
    """
    rng = np.random.default_rng(_SAMPLE_SEED)
    levels = _print(_to_gray(photo), _SEPIA_BLACK, _SEPIA_WHITE, _SAMPLE_GRAIN, rng)
    windows = photo.shape[0] * photo.shape[1] / 96**2
    damage = np.zeros(photo.shape[:2], bool)
    for tone in (_SEPIA_WHITE + 12, _SEPIA_BLACK):
        levels, changed = _damage(levels, tone, _SAMPLE_DENSITY * windows, rng)
        damage |= changed
    return _to_levels(levels), damage


def draw_example(photo: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns an old print of a photo, in color, gray or sepia, and where it is damaged.

    Args:
        photo: `(H, W, 3) uint8`.
        rng: chooses the kind of print and its damage; one in seven has none.

    Returns:
        As `draw_sample`.
    """
    kind = rng.choice(["color", "gray", "sepia"], p=[0.25, 0.35, 0.4])
    black = np.full(3, rng.choice([0, rng.uniform(0, 60)]))
    white = np.full(3, 255 - rng.choice([0, rng.uniform(0, 60)]))
    if kind == "sepia":
        tint = rng.uniform(0.2, 1)
        black, white = (
            black * (1 - tint * np.array([0, 0.12, 0.3])),
            white * (1 - tint * np.array([0, 0.08, 0.25])),
        )
    levels = photo.astype("float32") if kind == "color" else _to_gray(photo)
    levels = _print(levels, black, white, rng.choice([0, rng.uniform(0, 9)]), rng)
    damage = np.zeros(photo.shape[:2], bool)
    if rng.random() < 6 / 7:
        for tone in (white + rng.uniform(-20, 30), black + rng.uniform(-20, 25)):
            if rng.random() < 0.7:
                levels, changed = _damage(levels, tone, 1.0, rng)
                damage |= changed
    image = _to_levels(levels)
    return (_compress(image, int(rng.integers(60, 96))) if rng.random() < 0.4 else image), damage


def _to_gray(photo: np.ndarray) -> np.ndarray:
    return (photo @ _GRAY)[..., None].repeat(3, axis=2)


def _to_levels(levels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(levels), 0, 255).astype("uint8")


def _print(
    levels: np.ndarray, black: np.ndarray, white: np.ndarray, grain: float, rng: np.random.Generator
) -> np.ndarray:
    """Maps black and white to the colors of a print, and adds grain."""
    printed = black + levels / 255 * (white - black)
    return printed + grain * rng.standard_normal((*levels.shape[:2], 1))


def _compress(image: np.ndarray, quality: int) -> np.ndarray:
    """Returns an image with the artifacts of JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return image_io.read(buffer.getvalue())


def _damage(
    levels: np.ndarray, tone: np.ndarray, density: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Adds damage of one tone. Returns the levels, and which pixels changed visibly, `(H, W) bool`."""
    opacity = _draw_opacity(levels.shape[:2], density, rng)
    if rng.random() < 0.3:
        opacity = ndimage.gaussian_filter(opacity, rng.uniform(0.3, 0.8))
    damaged = levels + opacity[..., None] * (tone - levels)
    change = np.abs(damaged - levels).mean(axis=2)
    return damaged, (opacity > _MIN_OPACITY) & (change > _MIN_CHANGE)


def _draw_opacity(shape: tuple[int, ...], density: float, rng: np.random.Generator) -> np.ndarray:
    """Returns the opacity of scratches, hairs and specks, `(H, W) float32`, 0 to 1.

    Args:
        shape: height and width.
        density: factor on the number of each.
        rng: draws them.
    """
    height, width = (side * _SCALE for side in shape)
    canvas = Image.new("L", (width, height))
    pencil = ImageDraw.Draw(canvas)
    pixel = _SCALE * rng.uniform(0.8, 1.6)

    def draw_line(length: float, thickness: float, bend: float) -> None:
        points = _draw_path(rng, (width, height), length * pixel, bend)
        opacity = int(255 * rng.uniform(0.25, 1))
        pencil.line(points, fill=opacity, width=max(1, round(thickness * pixel)), joint="curve")

    for _ in range(rng.poisson(density)):
        thickness = rng.uniform(0.7, 2.2) if rng.random() < 0.8 else rng.uniform(2, 4.5)
        draw_line(rng.uniform(40, 320), thickness, 0.02)
    for _ in range(rng.poisson(0.5 * density)):
        draw_line(rng.uniform(20, 90), rng.uniform(0.7, 2), 0.4)
    for _ in range(rng.poisson(2 * density)):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        across, down = pixel * rng.uniform(0.7, 3.2, 2)
        pencil.ellipse((x - across, y - down, x + across, y + down), fill=int(255 * rng.uniform(0.4, 1)))
    small = canvas.resize((shape[1], shape[0]), Image.Resampling.BOX)
    return np.asarray(small, "float32") / 255


def _draw_path(
    rng: np.random.Generator, size: tuple[int, int], length: float, bend: float
) -> list[tuple[float, float]]:
    """Returns the points `(x, y)` of a line whose direction changes by up to 1.5 `bend` radians at each."""
    x, y = (rng.uniform(-0.2, 1.2) * side for side in size)
    # Half of the scratches run along the print, from being pulled out of a sleeve.
    angle = np.pi / 2 + rng.normal(0, 0.3) if rng.random() < 0.5 else rng.uniform(0, 2 * np.pi)
    drift = rng.uniform(-bend, bend) / 2
    points = [(x, y)]
    for _ in range(24):
        x, y = x + np.cos(angle) * length / 24, y + np.sin(angle) * length / 24
        angle += drift + rng.uniform(-bend, bend)
        points.append((x, y))
    return points
