"""What a network learns to color from: parts of photos in gray, a few of their colors, and all of them."""

from __future__ import annotations

import numpy as np

from studio.colorize import inputs, lab, models

_FEW = 0.2  # so likely is each color hint the last
_COLOR_HINT = (2, 9)  # px of its sides, the last not taken
_FADED = 0.5  # the share of photos whose lightness is spread otherwise, as in old prints
_GRAIN = 0.2  # the share that has grain


def batch(
    photos: np.ndarray, rows: np.ndarray, window: int, hinted: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Parts to learn from, see `studio.colorize.learn.learner.Learner`.

    Args:
        photos: `(n, side, side, 3) uint8`.
        rows: of them.
        window: a side of a part, in px.
        hinted: the share of which some colors are told.
        rng: decides where, what is told, and how each is mirrored.
    """
    parts = np.stack([_window(photos[row], window, rng) for row in rows])
    light, colors = _split(parts)
    told, where = np.zeros_like(colors), np.zeros(light.shape, bool)
    for n in range(len(rows)):
        if rng.random() < hinted:
            _color_hint(colors[n], told[n], where[n], rng)
        light[n] = _aged(light[n], rng)
    return {"seen": inputs.stack(light, told, where), "colors": quartered(colors)}


def whole(photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the network sees of whole photos, with nothing told, and their colors as it should answer.

    Args:
        photos: `(n, H, W, 3) uint8`, sides multiples of `models.TIMES`.

    Returns:
        `(n, H, W, 4) float32` and `(n, H / 4, W / 4, 2) float32`.
    """
    light, colors = _split(photos)
    return inputs.stack(light, np.zeros_like(colors), np.zeros(light.shape, bool)), quartered(colors)


def quartered(colors: np.ndarray) -> np.ndarray:
    """The mean of every four by four: `(n, H, W, 2)` -> `(n, H / 4, W / 4, 2)`."""
    count, height, width, _ = colors.shape
    n = models.OUTPUT_STRIDE
    return colors.reshape(count, height // n, n, width // n, n, 2).mean(axis=(2, 4))


def _split(photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    both = lab.from_rgb(photos)
    return both[..., 0].copy(), both[..., 1:]


def _window(photo: np.ndarray, window: int, rng: np.random.Generator) -> np.ndarray:
    down, right = rng.integers(0, len(photo) - window + 1, 2)
    part = photo[down : down + window, right : right + window]
    return part[:, ::-1] if rng.random() < 0.5 else part


def _color_hint(colors: np.ndarray, told: np.ndarray, where: np.ndarray, rng: np.random.Generator) -> None:
    """Tells the mean colors of some squares."""
    side = len(where)
    for _ in range(rng.geometric(_FEW)):
        height, width = rng.integers(*_COLOR_HINT, 2)
        down, right = rng.integers(0, side - height), rng.integers(0, side - width)
        square = slice(down, down + height), slice(right, right + width)
        told[square] = colors[square].mean(axis=(0, 1))
        where[square] = True


def _aged(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < _FADED:
        light = 50 + rng.uniform(0.7, 1.1) * (light - 50) + rng.uniform(-8, 8)
    if rng.random() < _GRAIN:
        light = light + rng.normal(0, rng.uniform(0, 5), light.shape)
    return np.clip(light, 0, 100)
