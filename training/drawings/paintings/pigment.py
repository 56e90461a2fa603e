"""Palettes, ramps and variation of colors in OKLab, relief light, and paper."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from training.drawings.paintings.noise import Shape, make_fractal_noise, make_noise

# Björn Ottosson, "A perceptual color space for image processing" (2020).
_TO_LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
_TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip
_FROM_LAB = np.linalg.inv(_TO_LAB)
_FROM_LMS = np.linalg.inv(_TO_LMS)


def parse_palette(*hexes: str) -> np.ndarray:
    """Converts `"#rrggbb"` codes to `(N, 3) float64` sRGB in [0, 1]."""
    return np.array([[int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)] for code in hexes])


def to_oklab(rgb: np.ndarray) -> np.ndarray:
    """Converts sRGB in [0, 1] to OKLab, any shape that ends in 3."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((np.maximum(rgb, 0) + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T


def from_oklab(lab: np.ndarray) -> np.ndarray:
    """Converts OKLab to sRGB clipped to [0, 1], any shape that ends in 3."""
    linear = np.clip((lab @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def interpolate_colors(colors: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Interpolates colors along an evenly spaced palette in OKLab.

    Args:
        colors: `(N, 3)` sRGB in [0, 1].
        t: any shape, 0 the first color and 1 the last; clipped.

    Returns:
        `t.shape + (3,) float32` sRGB in [0, 1].
    """
    stops = np.linspace(0, 1, len(colors))
    lab = to_oklab(colors)
    # Reading a fine table is ten times faster than converting each pixel.
    fine = np.linspace(0, 1, 1024)
    table = from_oklab(np.stack([np.interp(fine, stops, lab[:, i]) for i in range(3)], axis=-1))
    return table.astype("float32")[np.clip(np.asarray(t) * 1023, 0, 1023).astype(int)]


def vary_colors(rng: np.random.Generator, colors: np.ndarray, light: float, hue: float) -> np.ndarray:
    """Varies colors at random: standard deviations in OKLab's lightness and two hue axes.

    Args:
        colors: `(N, 3)` sRGB in [0, 1].
    """
    return from_oklab(to_oklab(colors) + rng.normal(size=colors.shape) * [light, hue, hue])


def blend(below: np.ndarray, color: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Blends `color` over `below` by `mask` `(H, W)`, 0 to 1."""
    return below + (color - below) * mask[..., None]


def shade_relief(image: np.ndarray, height: np.ndarray, strength: float) -> np.ndarray:
    """Applies relief shading, with light from the upper left.

    Args:
        image: `(H, W, 3)` in [0, 1].
        height: `(H, W)` relief in px.
        strength: brightness for a slope of 1.
    """
    slope = ndimage.sobel(height, axis=0) + ndimage.sobel(height, axis=1)
    light = np.clip(slope * (strength / 8), -0.6, 0.6)[..., None]
    return np.where(light > 0, image + (1 - image) * light, image * (1 + light))


def make_paper(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Returns the relief of cold-pressed paper: `(H, W) float32`, mean 0, standard deviation about 1."""
    fine = ndimage.gaussian_filter(rng.normal(size=shape).astype("float32"), 0.8) * 2.6
    return 0.5 * fine + 0.6 * make_noise(rng, shape, 3.5) + 0.4 * make_fractal_noise(rng, shape, 14, 2)


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Converts `(H, W, 3)` in [0, 1] to uint8, clipped and rounded."""
    return (np.clip(image, 0, 1) * 255 + 0.5).astype("uint8")
