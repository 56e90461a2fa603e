"""Training data for colorizing: gray crops with a few color hints, and their colors."""

from __future__ import annotations

import numpy as np

from studio.colorize import inputs, lab, models

_FEW = 0.2  # parameter of the geometric distribution of the number of hints
_COLOR_HINT = (2, 9)  # px, range of a hint's sides, exclusive
_FADED = 0.5  # share of photos with changed contrast, as in old prints
_GRAIN = 0.2  # share of photos with grain


def batch(
    photos: np.ndarray, rows: np.ndarray, window: int, hinted: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Returns training crops, see `studio.colorize.learn.learner.Learner`.

    Args:
        photos: `(n, side, side, 3) uint8`.
        rows: photos of the crops.
        window: side of a crop in px.
        hinted: share of crops with color hints.
        rng: chooses positions, hints, flips and aging.
    """
    parts = np.stack([_window(photos[row], window, rng) for row in rows])
    light, colors = _split_lab(parts)
    hints, where = np.zeros_like(colors), np.zeros(light.shape, bool)
    for n in range(len(rows)):
        if rng.random() < hinted:
            _color_hint(colors[n], hints[n], where[n], rng)
        light[n] = _age(light[n], rng)
    return {"seen": inputs.stack(light, hints, where), "colors": downsample(colors)}


def whole_photos(photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the network's inputs for whole photos without hints, and the target colors.

    Args:
        photos: `(n, H, W, 3) uint8`, sides multiples of `models.SIDE_MULTIPLE`.

    Returns:
        `(n, H, W, 4) float32` and `(n, H / 4, W / 4, 2) float32`.
    """
    light, colors = _split_lab(photos)
    return inputs.stack(light, np.zeros_like(colors), np.zeros(light.shape, bool)), downsample(colors)


def downsample(colors: np.ndarray) -> np.ndarray:
    """Averages blocks of 4 x 4: `(n, H, W, 2)` to `(n, H / 4, W / 4, 2)`."""
    count, height, width, _ = colors.shape
    n = models.OUTPUT_STRIDE
    return colors.reshape(count, height // n, n, width // n, n, 2).mean(axis=(2, 4))


def _split_lab(photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    both = lab.from_rgb(photos)
    return both[..., 0].copy(), both[..., 1:]


def _window(photo: np.ndarray, window: int, rng: np.random.Generator) -> np.ndarray:
    down, right = rng.integers(0, len(photo) - window + 1, 2)
    part = photo[down : down + window, right : right + window]
    return part[:, ::-1] if rng.random() < 0.5 else part


def _color_hint(colors: np.ndarray, hints: np.ndarray, where: np.ndarray, rng: np.random.Generator) -> None:
    """Adds hints with the mean colors of random rectangles."""
    side = len(where)
    for _ in range(rng.geometric(_FEW)):
        height, width = rng.integers(*_COLOR_HINT, 2)
        down, right = rng.integers(0, side - height), rng.integers(0, side - width)
        square = slice(down, down + height), slice(right, right + width)
        hints[square] = colors[square].mean(axis=(0, 1))
        where[square] = True


def _age(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < _FADED:
        light = 50 + rng.uniform(0.7, 1.1) * (light - 50) + rng.uniform(-8, 8)
    if rng.random() < _GRAIN:
        light = light + rng.normal(0, rng.uniform(0, 5), light.shape)
    return np.clip(light, 0, 100)
