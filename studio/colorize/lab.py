"""Converts between sRGB and CIE 1976 L*a*b*, white point D65."""

from __future__ import annotations

import numpy as np

_TO_XYZ = np.array(  # IEC 61966-2-1, rows are normalized to white below
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_TO_XYZ /= _TO_XYZ.sum(axis=1, keepdims=True)
_TO_RGB = np.linalg.inv(_TO_XYZ).astype("float32")
_LEVELS = np.arange(256) / 255
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype("float32")
_CUT = 6 / 29
_SMALL = np.float32(1e-9)


def from_rgb(image: np.ndarray) -> np.ndarray:
    """Converts `(..., 3) uint8` to L*a*b*, `(..., 3) float32`: L* 0 to 100, a* and b* about -110 to 110."""
    xyz = _LINEAR[image] @ _TO_XYZ.T.astype("float32")
    f = np.where(xyz > _CUT**3, np.cbrt(xyz), xyz / (3 * _CUT**2) + np.float32(4 / 29))
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def chroma(image: np.ndarray) -> np.ndarray:
    """Returns the chroma of each pixel, the length of (a*, b*): `(..., 3) uint8` to `(...) float32`."""
    return np.linalg.norm(from_rgb(image)[..., 1:], axis=-1)


def to_linear(lab: np.ndarray) -> np.ndarray:
    """Converts L*a*b*, `(..., 3) float32`, to linear RGB, `(..., 3) float32`, not clipped to [0, 1]."""
    light, a, b = np.moveaxis(np.asarray(lab, "float32"), -1, 0)
    y = (light + 16) / 116
    f = np.stack([y + a / 500, y, y - b / 200], axis=-1)
    xyz = np.where(f > _CUT, f**3, 3 * _CUT**2 * (f - np.float32(4 / 29)))
    return xyz @ _TO_RGB.T


def to_levels(linear: np.ndarray) -> np.ndarray:
    """Converts linear RGB, clipped to [0, 1], to sRGB, `(..., 3) uint8`."""
    clipped = np.clip(linear, 0, 1)
    curved = 1.055 * np.maximum(clipped, _SMALL) ** np.float32(1 / 2.4) - 0.055
    return np.rint(255 * np.where(clipped <= 0.0031308, 12.92 * clipped, curved)).astype("uint8")


def lightness(image: np.ndarray) -> np.ndarray:
    """Returns L*, 0 to 100, of `(..., 3) uint8`: `(...) float32`."""
    y = _LINEAR[image] @ _TO_XYZ[1].astype("float32")
    return np.where(y > _CUT**3, 116 * np.cbrt(y) - 16, y * np.float32(116 / (3 * _CUT**2)))
