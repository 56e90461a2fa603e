"""Colors at a small size laid over a large image, along its edges, without moving its lightness."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from studio.colorize import lab

GUIDED = 256  # px of the longer side at which edges are followed
_RADIUS = 5  # px there, about a place of the network's answer either way
_SMOOTH = 16.0  # squared L*: steps of lightness below its root are no edges
_STRIP = 2**20  # pixels that are worked on at once
_HALVINGS = 7  # of how much of a color sRGB has at a lightness
_FINE = 16383
_LEVELS = lab.to_levels((np.arange(_FINE + 1) / _FINE) ** 2)  # by the root of what is linear


def lines(colors: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """What color there is at a lightness, near each place: a straight line, by the guided filter.

    Args:
        colors: a* and b*, `(h, w, 2) float32`.
        lightness: L* of 0 to 100, `(H, W) float32`, of the same image, larger.

    Returns:
        `(H, W, 4) float32`: the slopes of a* and b* over L*, then what they are at L* 0.

    Reference:
        He, Sun and Tang 2010, "Guided image filtering"; at a small size as arXiv:1505.00996.
    """
    height, width = lightness.shape
    large = np.stack([_resized(one, height, width) for one in np.moveaxis(colors, 2, 0)], axis=-1)
    guide = lightness[..., None]
    mean, means = _around(guide), _around(large)
    spread = _around(guide * guide) - mean * mean
    slopes = (_around(guide * large) - mean * means) / (spread + _SMOOTH)
    return _around(np.concatenate([slopes, means - slopes * mean], axis=-1))


def colored(image: np.ndarray, line: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """An image in color, strip by strip.

    Args:
        image: `(H, W, 3) uint8`, of which the lightness alone counts.
        line: `(h, w, 4)`, see `lines`.

    Yields:
        Which rows, and these, `(n, W, 3) uint8`; their lightness is that of the image to less than a level
        of gray.
    """
    height, width, _ = image.shape
    count = max(1, _STRIP // width)
    for start in range(0, height, count):
        rows = slice(start, min(height, start + count))
        light = lab.lightness(image[rows])
        slopes = _stretched(line, np.arange(rows.start, rows.stop), height, width)
        colors = slopes[..., :2] * light[..., None] + slopes[..., 2:]
        yield rows, to_rgb(light, colors)


def to_rgb(light: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Lightness `(...)` and a*, b* `(..., 2)` -> `(..., 3) uint8`; what sRGB has not is made paler."""
    whole = np.concatenate([light[..., None], colors], axis=-1)
    linear = lab.to_linear(whole)
    outside = ((linear < 0) | (linear > 1)).any(axis=-1)
    if outside.any():
        linear[outside] = _paler(whole[outside])
    return _LEVELS[np.rint(np.sqrt(np.clip(linear, 0, 1)) * _FINE).astype("uint16")]


def _paler(whole: np.ndarray) -> np.ndarray:
    """The most colorful linear red, green and blue of the same lightness and hue: `(n, 3)` -> `(n, 3)`."""
    share, step = np.zeros((len(whole), 1), "float32"), 0.5
    for _ in range(_HALVINGS):
        tried = lab.to_linear(whole * np.concatenate([np.ones_like(share), *[share + step] * 2], axis=1))
        share += step * ((tried >= 0) & (tried <= 1)).all(axis=1, keepdims=True)
        step /= 2
    return lab.to_linear(whole * np.concatenate([np.ones_like(share), share, share], axis=1))


def _resized(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    made = Image.fromarray(np.ascontiguousarray(plane, "float32")).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    return np.asarray(made)


def _around(maps: np.ndarray) -> np.ndarray:
    """The mean of what lies within _RADIUS of each place, of `(H, W, C)`."""
    for axis in (0, 1):
        length = maps.shape[axis]
        ends = np.arange(length)
        first, last = np.maximum(ends - _RADIUS, 0), np.minimum(ends + _RADIUS + 1, length)
        sums = np.insert(maps.cumsum(axis, dtype="float64"), 0, 0, axis)
        count = (last - first).reshape([-1 if n == axis else 1 for n in range(3)])
        maps = ((sums.take(last, axis) - sums.take(first, axis)) / count).astype("float32")
    return maps


def _stretched(maps: np.ndarray, rows: np.ndarray, height: int, width: int) -> np.ndarray:
    """Some rows of maps `(h, w, C)`, stretched to a size, with straight lines between their places."""
    for axis, (places, side) in enumerate(((rows, height), (np.arange(width), width))):
        last = maps.shape[axis] - 1
        at = np.clip((places + 0.5) * (last + 1) / side - 0.5, 0, last)
        below = np.minimum(at.astype(int), max(0, last - 1))
        share = (at - below).astype("float32").reshape([-1 if n == axis else 1 for n in range(3)])
        before, after = maps.take(below, axis), maps.take(np.minimum(below + 1, last), axis)
        maps = before + share * (after - before)
    return maps
