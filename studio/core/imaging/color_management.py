"""Pixels of any mode, depth and color space -> 8-bit sRGB, with or without transparency."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

_MOST_PROFILE = 4 * 2**20  # bytes
_TOPS = (255, 65535)  # the largest value of 8 and 16 bits
_MOST_HIGHLIGHT = 8.0  # of floats whose white is 1
_MOST_FLOAT = 1e38  # of values that are subtracted in float32
_SRGB_GAMMA = 1 / 2.2
_NO_CHANGE = 0.05  # share by which a gamma may differ from sRGB's; libpng corrects no less
_SAME_POINT = 0.002  # by which chromaticities may differ from sRGB's
_SRGB = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)  # x, y of white, red, green, blue (IEC 61966-2-1)
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_D50 = (0.9642, 1.0, 0.8249)  # XYZ of the white of ICC profiles
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def to_srgb(image: Image.Image) -> Image.Image:
    """Converts an image to 8-bit sRGB as browsers do.

    The color space is that of the embedded ICC profile; a PNG without one is sRGB if it says so, else it may
    give its gamma (`gAMA`) and primaries (`cHRM`). Transparency is never converted.

    Args:
        image: of any mode, loaded.

    Returns:
        Mode "RGB", or "RGBA" if the image has transparency.
    """
    alpha, colors = _alpha(image), _opaque(image)
    converted = _converted(colors, image.info)
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def to_levels(values: np.ndarray) -> np.ndarray:
    """Scales the values of one channel to 8 bits by the range that they fill; nothing is clipped.

    Args:
        values: integers of 16 or 32 bits, or floats. Values up to 255 are taken for 8 bits, up to 65535 for
            16 bits, floats up to 1 for shares; others are scaled by the largest, and shifted if any is
            negative. So are floats up to 8, which are brighter than white: in 8 bits they would be black.

    Returns:
        `uint8`, of the same shape.
    """
    whole = values.dtype.kind in "iu"
    known = values if whole else np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    lowest, highest = min(0.0, float(known.min())), float(known.max())
    tops: tuple[int, ...] = _TOPS if whole else (1, *_TOPS)
    if not whole and 1 < highest <= _MOST_HIGHLIGHT:
        tops = ()
    top = next((one for one in tops if lowest >= 0 and highest <= one), highest)
    return _scaled(known, lowest, top)


def _scaled(values: np.ndarray, lowest: float, top: float) -> np.ndarray:
    kind: Any = (
        np.float64 if top - lowest > _MOST_FLOAT else np.float32
    )  # or the difference would be infinite
    shares = (values.astype(kind) - kind(lowest)) / kind(max(top - lowest, 1e-12))
    return (shares * 255 + 0.5).clip(0, 255).astype("uint8")


def _of_16_bits(values: np.ndarray) -> np.ndarray:
    """`uint16` -> `uint8` by a table, which takes no memory for floats."""
    return _scaled(np.arange(65536), 0, 65535)[values]


def _alpha(image: Image.Image) -> Image.Image | None:
    """The transparency of an image, mode "L"; None if it has none."""
    if not image.has_transparency_data:
        return None
    if image.mode.startswith("I"):  # Pillow would clip the levels to find the transparent one
        clear = image.info.get("transparency")
        return Image.fromarray(np.where(np.asarray(image) == clear, 0, 255).astype("uint8"))
    return image.convert("RGBA").getchannel("A")


def _opaque(image: Image.Image) -> Image.Image:
    """An image without its transparency, mode "L", "I;16", "RGB", "CMYK" or "LAB"."""
    mode = image.mode
    if mode.startswith("I;16"):
        return Image.fromarray(np.asarray(image).astype("uint16"))
    if mode in ("I", "F"):
        return Image.fromarray(to_levels(np.asarray(image)))
    if mode in ("1", "LA"):
        return image.convert("L")
    if mode == "La":
        return image.convert("LA").convert("L")
    if mode in ("PA", "RGBa"):
        return image.convert("RGBA").convert("RGB")
    return image if mode in ("L", "RGB", "CMYK", "LAB") else image.convert("RGB")


def _converted(colors: Image.Image, info: Mapping[Any, Any]) -> Image.Image:
    """Colors in a color space that `info` describes -> a new image of mode "RGB" in sRGB."""
    embedded = info.get("icc_profile")
    profile: Any
    if colors.mode == "LAB":
        profile = ImageCms.createProfile("LAB")
    elif embedded:
        profile = _opened(embedded) if len(embedded) < _MOST_PROFILE else None
    else:
        colors, profile = _plain(colors), _of_png(info)
    if profile is None:
        return _plain(colors)
    try:
        gray = colors.mode in ("L", "I;16")
        return _gray_through(colors, profile) if gray else _through(colors, profile)
    except (ImageCms.PyCMSError, OSError, ValueError):  # a profile for another color model
        return _plain(colors)


def _plain(colors: Image.Image) -> Image.Image:
    """A new image of mode "RGB" with the levels as they are."""
    if colors.mode == "I;16":
        colors = Image.fromarray(_of_16_bits(np.asarray(colors)))
    return colors.copy() if colors.mode == "RGB" else colors.convert("RGB")


def _through(colors: Image.Image, profile: Any, flags: int = 0) -> Image.Image:
    """The colors converted from a profile to sRGB. Raises if it is for another color model."""
    srgb = ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(profile, srgb, colors.mode, "RGB", flags=ImageCms.Flags(flags))
    converted = Image.new("RGB", colors.size)
    transform.transform.apply(colors.getim(), converted.getim())  # `apply_transform` refuses "I;16"
    return converted


def _gray_through(gray: Image.Image, profile: Any) -> Image.Image:
    """Gray levels of 8 or 16 bits converted one by one: optimized curves are 10 levels off in the dark."""
    levels = np.asarray(gray)
    every = np.arange(np.iinfo(levels.dtype).max + 1).astype(levels.dtype).reshape(-1, 256)
    table = np.asarray(_through(Image.fromarray(every), profile, ImageCms.Flags.NOOPTIMIZE)).reshape(-1, 3)
    return Image.fromarray(table[levels])


def _opened(profile: bytes) -> Any:
    try:
        return ImageCms.getOpenProfile(io.BytesIO(profile))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None  # a damaged one: the plain colors are the best guess


def _of_png(info: Mapping[Any, Any]) -> Any:
    """The profile that the chunks `gAMA` and `cHRM` of a PNG describe; None if there are none, or sRGB's."""
    gamma, points = info.get("gamma"), info.get("chromaticity")
    if "srgb" in info:  # this chunk goes before both
        return None
    if not gamma or abs(gamma / _SRGB_GAMMA - 1) < _NO_CHANGE:
        gamma = None
    if not points or np.allclose(points, _SRGB, atol=_SAME_POINT):
        points = None
    if gamma is None and points is None:
        return None
    made = _profile(gamma, tuple(points or _SRGB))
    return _opened(made) if made else None


@cache
def _profile(gamma: float | None, points: Sequence[float]) -> bytes | None:
    """An ICC profile (ICC.1:2022, matrix and curves) of a gamma, None for sRGB's curve, and chromaticities.

    Returns None for points of which no color space can be made.
    """
    try:
        columns = _primaries(points)
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return None
    if not np.isfinite(columns).all() or np.abs(columns).max() > 2:
        return None
    curve = (1 / gamma, 1.0, 0.0, 0.0, 0.0) if gamma else _SRGB_CURVE
    para = b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + _fixed(curve)
    tags = {b"wtpt": b"XYZ \0\0\0\0" + _fixed(_D50)}
    for name, column in zip("rgb", columns.T, strict=True):
        tags[f"{name}XYZ".encode()] = b"XYZ \0\0\0\0" + _fixed(column)
        tags[f"{name}TRC".encode()] = para
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for key, data in tags.items():
        table += key + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4xI4s4s4s12x4s", at + len(body), 0x04300000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return head.ljust(68, b"\0") + _fixed(_D50).ljust(60, b"\0") + table + body


def _fixed(numbers: Sequence[float] | np.ndarray) -> bytes:
    """Numbers as ICC's s15Fixed16."""
    whole = [min(max(round(float(number) * 65536), -(2**31)), 2**31 - 1) for number in numbers]
    return struct.pack(f">{len(whole)}i", *whole)


def _primaries(points: Sequence[float]) -> np.ndarray:
    """Chromaticities of white, red, green, blue -> `(3, 3)`, columns: XYZ of the primaries under D50."""
    white, *primaries = (
        np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in zip(points[::2], points[1::2], strict=True)
    )
    columns = np.stack(primaries, axis=1)
    columns = columns * np.linalg.solve(columns, white)
    cones = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ white)
    return np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ columns
