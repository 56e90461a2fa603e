"""Training data for colorizing: gray crops with a few color hints, and their colors."""

from __future__ import annotations

import numpy as np

from studio.colorize import inputs, lab, models

_HINT_COUNT_PARAMETER = 0.2  # parameter of the geometric distribution of the number of hints
_HINT_SIDES = (2, 9)  # px, range of a hint's sides, exclusive
_FADED_SHARE = 0.5  # share of photos with changed contrast, as in old prints
_GRAINY_SHARE = 0.2  # share of photos with grain


def make_batch(
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
    crops = np.stack([_crop_window(photos[row], window, rng) for row in rows])
    lightness, colors = _split_lab(crops)
    hints, masks = np.zeros_like(colors), np.zeros(lightness.shape, bool)
    for n in range(len(rows)):
        if rng.random() < hinted:
            _add_color_hints(colors[n], hints[n], masks[n], rng)
        lightness[n] = _fade_and_add_grain(lightness[n], rng)
    return {"input": inputs.stack(lightness, hints, masks), "colors": downsample(colors)}


def prepare_photos(photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the network's inputs for whole photos without hints, and the target colors.

    Args:
        photos: `(n, H, W, 3) uint8`, sides multiples of `models.SIDE_MULTIPLE`.

    Returns:
        `(n, H, W, 4) float32` and `(n, H / 4, W / 4, 2) float32`.
    """
    lightness, colors = _split_lab(photos)
    return inputs.stack(lightness, np.zeros_like(colors), np.zeros(lightness.shape, bool)), downsample(colors)


def downsample(colors: np.ndarray) -> np.ndarray:
    """Averages blocks of 4 x 4: `(n, H, W, 2)` to `(n, H / 4, W / 4, 2)`."""
    count, height, width, _ = colors.shape
    n = models.OUTPUT_STRIDE
    return colors.reshape(count, height // n, n, width // n, n, 2).mean(axis=(2, 4))


def _split_lab(photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pixels = lab.from_rgb(photos)
    return pixels[..., 0].copy(), pixels[..., 1:]


def _crop_window(photo: np.ndarray, window: int, rng: np.random.Generator) -> np.ndarray:
    down, right = rng.integers(0, len(photo) - window + 1, 2)
    crop = photo[down : down + window, right : right + window]
    return crop[:, ::-1] if rng.random() < 0.5 else crop


def _add_color_hints(
    colors: np.ndarray, hints: np.ndarray, mask: np.ndarray, rng: np.random.Generator
) -> None:
    """Adds hints with the mean colors of random rectangles."""
    side = len(mask)
    for _ in range(rng.geometric(_HINT_COUNT_PARAMETER)):
        height, width = rng.integers(*_HINT_SIDES, 2)
        down, right = rng.integers(0, side - height), rng.integers(0, side - width)
        square = slice(down, down + height), slice(right, right + width)
        hints[square] = colors[square].mean(axis=(0, 1))
        mask[square] = True


def _fade_and_add_grain(lightness: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < _FADED_SHARE:
        lightness = 50 + rng.uniform(0.7, 1.1) * (lightness - 50) + rng.uniform(-8, 8)
    if rng.random() < _GRAINY_SHARE:
        lightness = lightness + rng.normal(0, rng.uniform(0, 5), lightness.shape)
    return np.clip(lightness, 0, 100)
