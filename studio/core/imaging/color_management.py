"""Converts images of any mode, depth and color space to 8-bit sRGB, with or without transparency."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

_MAX_PROFILE_BYTES = 4 * 2**20  # bytes
_GRID_SIDE = 52  # colors per axis of the grid for 16 bits: every fifth level
_INTERPOLATED_ROWS = 256  # rows at a time, which bounds memory
_FULL_SCALES = (255, 65535)  # largest values of 8 and 16 bits
_MAX_HIGHLIGHT = 8.0  # largest value of floats whose white is 1
_MAX_FLOAT = 1e38  # largest difference to compute in float32
_SRGB_GAMMA = 1 / 2.2
_GAMMA_TOLERANCE = 0.05  # relative difference of a gamma from sRGB's that libpng ignores, too
_POINT_TOLERANCE = 0.002  # difference of chromaticities from sRGB's to ignore
_SRGB = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)  # x, y of white, red, green, blue (IEC 61966-2-1)
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_D50 = (0.9642, 1.0, 0.8249)  # XYZ of the white point of ICC profiles
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def to_srgb(image: Image.Image) -> Image.Image:
    """Converts an image to 8-bit sRGB as browsers do.

    It uses the embedded ICC profile. A PNG without one is sRGB if it has an `sRGB` chunk; else it may have
    gamma (`gAMA`) and primaries (`cHRM`). Transparency is not converted.

    Args:
        image: loaded image of any mode.

    Returns:
        Image of mode "RGB", or "RGBA" if it has transparency.
    """
    alpha, colors = _extract_alpha(image), _remove_alpha(image)
    srgb_image = _convert_to_srgb(colors, image.info)
    if alpha is not None:
        srgb_image.putalpha(alpha)
    return srgb_image


def to_srgb_16(colors: np.ndarray, info: Mapping[Any, Any]) -> np.ndarray:
    """Converts colors of 16 bits to sRGB by the color space in `info`, as `to_srgb` does for 8 bits.

    A profile is evaluated on a grid of colors with 8 bits, and interpolated in between: values are accurate
    to half a level of 255, without banding. Colors that are sRGB already stay exactly as they are.

    Args:
        colors: `(H, W, 3) uint16`.
        info: of the file, as Pillow gives it.
    """
    icc_profile = info.get("icc_profile")
    if icc_profile:
        profile = _open_profile(icc_profile) if len(icc_profile) < _MAX_PROFILE_BYTES else None
    else:
        profile = _build_png_profile(info)
    if profile is None:
        return colors
    nodes = np.linspace(0, 255, _GRID_SIDE).round().astype("uint8")
    grid = np.stack(np.meshgrid(nodes, nodes, nodes, indexing="ij"), axis=-1)
    try:
        converted = _convert_grid(grid, profile)
    except (ImageCms.PyCMSError, OSError, ValueError):  # a profile for another color model
        return colors
    if np.abs(converted.astype(int) - grid).max() <= 1:
        return colors
    return _interpolate(colors, converted)


def _convert_grid(grid: np.ndarray, profile: Any) -> np.ndarray:
    """Converts `(n, n, n, 3) uint8` colors from a profile to sRGB, gray ones for a profile of gray."""
    image = Image.fromarray(grid.reshape(_GRID_SIDE**2, _GRID_SIDE, 3))
    if profile.profile.xcolor_space.strip() == "GRAY":
        image = image.getchannel("B")
        srgb = _apply_profile(image, profile, ImageCms.Flags.NOOPTIMIZE)
    else:
        srgb = _apply_profile(image, profile)
    return np.asarray(srgb).reshape(grid.shape)


def _interpolate(colors: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Maps `(H, W, 3) uint16` colors by a grid of `(n, n, n, 3) uint8` results, trilinearly, row by row."""
    from scipy import ndimage

    levels = np.moveaxis(grid, -1, 0).astype("float32") * 257
    result = np.empty_like(colors)
    for start in range(0, len(colors), _INTERPOLATED_ROWS):
        rows = slice(start, start + _INTERPOLATED_ROWS)
        positions = np.moveaxis(colors[rows], -1, 0).astype("float32") * ((_GRID_SIDE - 1) / 65535)
        for channel in range(3):
            mapped = ndimage.map_coordinates(levels[channel], positions, order=1, mode="nearest")
            result[rows, :, channel] = np.rint(mapped)
    return result


def to_levels(values: np.ndarray) -> np.ndarray:
    """Scales the values of a channel to 8 bits by their range, without clipping.

    Args:
        values: integers of 16 or 32 bits, or floats. Values up to 255 count as 8 bits, values up to 65535 as
            16 bits, floats up to 1 as shares; other values are scaled by the largest, and shifted if any is
            negative. Floats from 1 to 8 are highlights and scaled by the largest, too; as 8 bits they would
            be black.

    Returns:
        `uint8`, of the same shape.
    """
    is_integer = values.dtype.kind in "iu"
    finite = values if is_integer else np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    lowest, highest = min(0.0, float(finite.min())), float(finite.max())
    limits: tuple[int, ...] = _FULL_SCALES if is_integer else (1, *_FULL_SCALES)
    if not is_integer and 1 < highest <= _MAX_HIGHLIGHT:
        limits = ()
    scale = next((limit for limit in limits if lowest >= 0 and highest <= limit), highest)
    return _scale_to_uint8(finite, lowest, scale)


def _scale_to_uint8(values: np.ndarray, lowest: float, top: float) -> np.ndarray:
    """Scales values from `lowest` to `top` to `uint8` from 0 to 255."""
    # In float32, a larger difference would be infinite.
    dtype: Any = np.float64 if top - lowest > _MAX_FLOAT else np.float32
    shares = (values.astype(dtype) - dtype(lowest)) / dtype(max(top - lowest, 1e-12))
    return (shares * 255 + 0.5).clip(0, 255).astype("uint8")


def to_8_bits(values: np.ndarray) -> np.ndarray:
    """Converts `uint16` to `uint8` by a table, which needs no memory for floats; `uint8` is unchanged."""
    if values.dtype == np.uint8:
        return values
    return _scale_to_uint8(np.arange(65536), 0, 65535)[values]


def _extract_alpha(image: Image.Image) -> Image.Image | None:
    """Extracts the alpha channel of an image, mode "L"; None without transparency."""
    if not image.has_transparency_data:
        return None
    if image.mode.startswith("I"):  # Pillow would clip the levels to find the transparent one
        transparent_level = image.info.get("transparency")
        return Image.fromarray(np.where(np.asarray(image) == transparent_level, 0, 255).astype("uint8"))
    return image.convert("RGBA").getchannel("A")


def _remove_alpha(image: Image.Image) -> Image.Image:
    """Removes the transparency of an image. Returns one of mode "L", "I;16", "RGB", "CMYK" or "LAB"."""
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


def _convert_to_srgb(colors: Image.Image, info: Mapping[Any, Any]) -> Image.Image:
    """Converts colors from the color space in `info` to sRGB, a new image of mode "RGB"."""
    icc_profile = info.get("icc_profile")
    profile: Any
    if colors.mode == "LAB":
        profile = ImageCms.createProfile("LAB")
    elif icc_profile:
        profile = _open_profile(icc_profile) if len(icc_profile) < _MAX_PROFILE_BYTES else None
    else:
        colors, profile = _to_rgb(colors), _build_png_profile(info)
    if profile is None:
        return _to_rgb(colors)
    try:
        gray = colors.mode in ("L", "I;16")
        return _apply_profile_to_gray(colors, profile) if gray else _apply_profile(colors, profile)
    except (ImageCms.PyCMSError, OSError, ValueError):  # a profile for another color model
        return _to_rgb(colors)


def _to_rgb(colors: Image.Image) -> Image.Image:
    """Returns a new image of mode "RGB" without color conversion."""
    if colors.mode == "I;16":
        colors = Image.fromarray(to_8_bits(np.asarray(colors)))
    return colors.copy() if colors.mode == "RGB" else colors.convert("RGB")


def _apply_profile(colors: Image.Image, profile: Any, flags: int = 0) -> Image.Image:
    """Converts colors from a profile to sRGB. Raises if the profile is for another color model."""
    srgb = ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(profile, srgb, colors.mode, "RGB", flags=ImageCms.Flags(flags))
    srgb_image = Image.new("RGB", colors.size)
    transform.transform.apply(colors.getim(), srgb_image.getim())  # `ImageCms.applyTransform` refuses "I;16"
    return srgb_image


def _apply_profile_to_gray(gray: Image.Image, profile: Any) -> Image.Image:
    """Converts gray levels of 8 or 16 bits without optimized curves, which err by 10 levels in dark areas."""
    levels = np.asarray(gray)
    all_levels = np.arange(np.iinfo(levels.dtype).max + 1).astype(levels.dtype).reshape(-1, 256)
    converted = _apply_profile(Image.fromarray(all_levels), profile, ImageCms.Flags.NOOPTIMIZE)
    return Image.fromarray(np.asarray(converted).reshape(-1, 3)[levels])


def _open_profile(profile: bytes) -> Any:
    try:
        return ImageCms.getOpenProfile(io.BytesIO(profile))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None  # ignore a damaged profile


def _build_png_profile(info: Mapping[Any, Any]) -> Any:
    """Builds the profile of the chunks `gAMA` and `cHRM` of a PNG; None if they are missing or mean sRGB."""
    gamma, points = info.get("gamma"), info.get("chromaticity")
    if "srgb" in info:  # this chunk takes precedence
        return None
    if not gamma or abs(gamma / _SRGB_GAMMA - 1) < _GAMMA_TOLERANCE:
        gamma = None
    if not points or np.allclose(points, _SRGB, atol=_POINT_TOLERANCE):
        points = None
    if gamma is None and points is None:
        return None
    profile = _build_profile(gamma, tuple(points or _SRGB))
    return _open_profile(profile) if profile else None


@cache
def _build_profile(gamma: float | None, points: Sequence[float]) -> bytes | None:
    """Builds an ICC profile (ICC.1:2022, matrix and curves); None if the chromaticities form no color space.

    Args:
        gamma: gamma of the curves; None for the curve of sRGB.
        points: chromaticities x, y of white, red, green and blue.
    """
    try:
        columns = _adapt_primaries(points)
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return None
    if not np.isfinite(columns).all() or np.abs(columns).max() > 2:
        return None
    curve = (1 / gamma, 1.0, 0.0, 0.0, 0.0) if gamma else _SRGB_CURVE
    para = b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + _encode_s15_fixed16(curve)
    tags = {b"wtpt": b"XYZ \0\0\0\0" + _encode_s15_fixed16(_D50)}
    for name, column in zip("rgb", columns.T, strict=True):
        tags[f"{name}XYZ".encode()] = b"XYZ \0\0\0\0" + _encode_s15_fixed16(column)
        tags[f"{name}TRC".encode()] = para
    table, body, offset = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for key, data in tags.items():
        table += key + struct.pack(">II", offset + len(body), len(data))
        body += data
    header = struct.pack(
        ">I4xI4s4s4s12x4s", offset + len(body), 0x04300000, b"mntr", b"RGB ", b"XYZ ", b"acsp"
    )
    return header.ljust(68, b"\0") + _encode_s15_fixed16(_D50).ljust(60, b"\0") + table + body


def _encode_s15_fixed16(numbers: Sequence[float] | np.ndarray) -> bytes:
    """Encodes numbers as s15Fixed16 of ICC."""
    integers = [min(max(round(float(number) * 65536), -(2**31)), 2**31 - 1) for number in numbers]
    return struct.pack(f">{len(integers)}i", *integers)


def _adapt_primaries(points: Sequence[float]) -> np.ndarray:
    """Adapts chromaticities of primaries to D50. Returns their XYZ as columns, `(3, 3)`."""
    white, *primaries = (
        np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in zip(points[::2], points[1::2], strict=True)
    )
    columns = np.stack(primaries, axis=1)
    columns = columns * np.linalg.solve(columns, white)
    cones = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ white)
    return np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ columns
