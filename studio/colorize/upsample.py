"""Upsamples colors to a large image along its edges, keeping its lightness."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from studio.colorize import lab
from studio.colorize.hint_spread import Spread

GUIDE_SIDE = 256  # px, longer side of the guide image
_RADIUS = 5  # px of the guide image, about one position of the network's output
_REGULARIZATION = 16.0  # squared L*, regularization: smaller steps of lightness are no edges
_STRIP_PIXELS = 2**20  # pixels per strip
_BISECTION_STEPS = 7  # bisection steps for the chroma that fits into sRGB
_TABLE_STEPS = 16383
_LEVELS = lab.to_levels(
    (np.arange(_TABLE_STEPS + 1) / _TABLE_STEPS) ** 2
)  # indexed by the square root of linear values


def fit_lines(colors: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """Fits colors near each pixel as a linear function of lightness, with the guided filter.

    Args:
        colors: a* and b*, `(h, w, 2) float32`.
        lightness: L* of 0 to 100, `(H, W) float32`, of the same image, larger.

    Returns:
        `(H, W, 4) float32`: slopes of a* and b* over L*, then their intercepts.

    Reference:
        He, Sun and Tang 2010, "Guided image filtering"; at a small size as arXiv:1505.00996.
    """
    height, width = lightness.shape
    upsampled = np.stack([_resize(plane, height, width) for plane in np.moveaxis(colors, 2, 0)], axis=-1)
    guide = lightness[..., None]
    mean, means = _average_box(guide), _average_box(upsampled)
    variance = _average_box(guide * guide) - mean * mean
    slopes = (_average_box(guide * upsampled) - mean * means) / (variance + _REGULARIZATION)
    return _average_box(np.concatenate([slopes, means - slopes * mean], axis=-1))


def colorize_strips(
    image: np.ndarray, line: np.ndarray, hints: Spread | None = None
) -> Iterator[tuple[slice, np.ndarray]]:
    """Colorizes an image in strips.

    Args:
        image: `(H, W, 3) uint8`, of which only the lightness is used.
        line: `(h, w, 4)`, see `fit_lines`.
        hints: color hints of the user, spread at any size; None for none.

    Yields:
        The rows of a strip, and the strip, `(n, W, 3) uint8`, whose lightness differs from the image's by
        less than one level.
    """
    height, width, _ = image.shape
    hint_maps = None if hints is None else np.concatenate([hints.share[..., None], hints.colors], axis=-1)
    count = max(1, _STRIP_PIXELS // width)
    for start in range(0, height, count):
        rows = slice(start, min(height, start + count))
        lightness = lab.lightness(image[rows])
        slopes = _interpolate_rows(line, np.arange(rows.start, rows.stop), height, width)
        colors = slopes[..., :2] * lightness[..., None] + slopes[..., 2:]
        if hint_maps is not None:
            hinted = _interpolate_rows(hint_maps, np.arange(rows.start, rows.stop), height, width)
            colors = colors + hinted[..., :1] * (hinted[..., 1:] - colors)
        yield rows, to_rgb(lightness, colors)


def to_rgb(lightness: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Converts lightness `(...)` and a*, b* `(..., 2)` to `(..., 3) uint8`; reduces chroma to fit sRGB."""
    lab_pixels = np.concatenate([lightness[..., None], colors], axis=-1)
    linear = lab.to_linear(lab_pixels)
    outside = ((linear < 0) | (linear > 1)).any(axis=-1)
    if outside.any():
        linear[outside] = _reduce_chroma(lab_pixels[outside])
    return _LEVELS[np.rint(np.sqrt(np.clip(linear, 0, 1)) * _TABLE_STEPS).astype("uint16")]


def _reduce_chroma(lab_pixels: np.ndarray) -> np.ndarray:
    """Returns linear RGB of the same lightness and hue with the highest chroma in sRGB, `(n, 3)`."""
    share, step = np.zeros((len(lab_pixels), 1), "float32"), 0.5
    for _ in range(_BISECTION_STEPS):
        candidate = lab.to_linear(
            lab_pixels * np.concatenate([np.ones_like(share), *[share + step] * 2], axis=1)
        )
        share += step * ((candidate >= 0) & (candidate <= 1)).all(axis=1, keepdims=True)
        step /= 2
    return lab.to_linear(lab_pixels * np.concatenate([np.ones_like(share), share, share], axis=1))


def _resize(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    resized = Image.fromarray(np.ascontiguousarray(plane, "float32")).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    return np.asarray(resized)


def _average_box(maps: np.ndarray) -> np.ndarray:
    """Returns the box mean of `(H, W, C)` within _RADIUS of each position."""
    for axis in (0, 1):
        length = maps.shape[axis]
        positions = np.arange(length)
        first, last = np.maximum(positions - _RADIUS, 0), np.minimum(positions + _RADIUS + 1, length)
        sums = np.insert(maps.cumsum(axis, dtype="float64"), 0, 0, axis)
        count = (last - first).reshape([-1 if n == axis else 1 for n in range(3)])
        maps = ((sums.take(last, axis) - sums.take(first, axis)) / count).astype("float32")
    return maps


def _interpolate_rows(maps: np.ndarray, rows: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes `(h, w, C)` bilinearly and returns some of the rows."""
    for axis, (positions, side) in enumerate(((rows, height), (np.arange(width), width))):
        last = maps.shape[axis] - 1
        source_positions = np.clip((positions + 0.5) * (last + 1) / side - 0.5, 0, last)
        below = np.minimum(source_positions.astype(int), max(0, last - 1))
        shape = [-1 if n == axis else 1 for n in range(3)]
        share = (source_positions - below).astype("float32").reshape(shape)
        before, after = maps.take(below, axis), maps.take(np.minimum(below + 1, last), axis)
        maps = before + share * (after - before)
    return maps
