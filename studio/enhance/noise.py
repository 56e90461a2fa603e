"""Estimates the noise of a photo before its file was compressed. Loads no Keras.

The finest diagonal detail of a photo is nearly all noise, and the median is robust against edges (Donoho and
Johnstone 1994). It is measured in many small blocks, of which the calmest count, because texture looks like
noise.

JPEG removes most of that detail, and less of the next coarser one, but the networks were trained on the noise
before compression. So noise of known strengths is compressed and measured like the photo, and these curves
are inverted. Both scales must show the noise, because texture shows more in the coarser one. Weak noise still
cannot be told from texture, so only strong noise is estimated in this way.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image

from studio.enhance.planes import to_planes

BLOCK_SIDE = 64  # px, side of the measured blocks
MAX_CROP_SIDE = 2048  # px, largest side of the center crop that they are taken from
CALM_PERCENTILE = 25.0  # percentile of the blocks that is reported: others have texture
CALMEST_PERCENTILE = 5.0  # percentile if compression makes texture look more like noise
MIN_STRONG_NOISE = 5.5  # levels: weaker noise looks like texture in the coarser detail
MIN_FINE_DETAIL = 2.0  # levels of the finest detail: with less, coarser detail is texture
MAX_CORRELATED_RATIO = 0.5  # of finest to coarser detail in correlated noise; white noise has more
MIN_REMAINING_SHARE = 0.15  # of the noise in the finest detail: with less, it does not tell the strength
MAX_CLIPPED_SHARE = 0.05  # share of a block's pixels: with more, clipping hides the noise
_MIN_LIGHTNESS, _MAX_LIGHTNESS = 4.0, 251.0  # levels, mean of a block: beyond, noise is clipped or crushed
_NORMAL_MEDIAN = 0.6745  # median absolute deviation of the standard normal distribution
_WAVELET_TAPS = np.array([-0.1294095, -0.2241439, 0.8365163, -0.4829629], "float32")  # Daubechies' wavelet
# Levels of the compressed test noise.
_TEST_STRENGTHS = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 36.0, 50.0)
_TEST_SIDE = 192  # px, side of the compressed test image
_COLOR_NOISE_RATIO = 0.641 / 0.669  # color noise over lightness noise, if R, G and B have independent noise


class Compression(NamedTuple):
    """The compression of a JPEG file.

    Attributes:
        tables: quantization tables of 64 steps: luminance and, if present, chrominance.
        is_subsampled: whether colors have a lower resolution than lightness.
    """

    tables: tuple[tuple[int, ...], ...]
    is_subsampled: bool


def estimate_noise(image: np.ndarray, compression: Compression | None = None) -> tuple[float, float]:
    """Returns the standard deviations of the noise of lightness and of each color plane, in levels.

    Args:
        image: `(H, W, 3 or 4) uint8`.
        compression: of a JPEG file: estimates the noise before compression.
    """
    blocks = _cut_blocks(image)
    details = [_measure_detail(blocks[..., n]) for n in range(3)]
    light, color = _combine_strengths([float(np.percentile(fine, CALM_PERCENTILE)) for fine, _ in details])
    if compression is None:
        correlated = _estimate_correlated_noise(details)
        return max(light, correlated[0]), max(color, correlated[1])
    curves = _measure_compressed_noise(compression)
    light_before, color_before = _combine_strengths(
        [
            _estimate_noise_before_compression(detail, curve)
            for detail, curve in zip(details, curves, strict=True)
        ]
    )
    remaining = np.interp(light_before, _TEST_STRENGTHS, curves[0, 0])
    if light_before < MIN_STRONG_NOISE or remaining < MIN_REMAINING_SHARE * light_before:
        return light, color
    # Compression leaves little color noise, so that weak texture looks like strong noise: cap it.
    return light_before, max(color, min(color_before, _COLOR_NOISE_RATIO * light_before))


def _estimate_correlated_noise(details: list[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """Returns the noise of lightness and colors that is correlated between neighbors; 0 without any.

    Camera interpolation and resizing leave it mostly in the coarser detail. So do textures, but rarely as
    strongly in the calmest blocks, and with as much of the finest detail.
    """
    fine, coarse = (float(np.percentile(scale, CALMEST_PERCENTILE)) for scale in details[0])
    if fine < MIN_FINE_DETAIL or coarse < MIN_STRONG_NOISE or fine > MAX_CORRELATED_RATIO * coarse:
        return 0.0, 0.0
    return _combine_strengths([float(np.percentile(scale, CALMEST_PERCENTILE)) for _, scale in details])


def _combine_strengths(strengths: list[float]) -> tuple[float, float]:
    """Returns the noise of lightness and the root mean square of the color planes, from Y, Cb and Cr."""
    return strengths[0], float(np.hypot(strengths[1], strengths[2]) / np.sqrt(2))


def _cut_blocks(image: np.ndarray) -> np.ndarray:
    """Returns the blocks with little clipping, or all: `(n, BLOCK_SIDE, BLOCK_SIDE, 3) float32`, levels.

    Clipping and crushed shadows hide noise. A photo smaller than a block is one block.
    """
    rows, columns = (_center_slice(side) for side in image.shape[:2])
    pixels = image[rows, columns, :3]
    height, width = (min(BLOCK_SIDE, side) for side in pixels.shape[:2])
    down, across = pixels.shape[0] // height, pixels.shape[1] // width
    grid = pixels[: down * height, : across * width].reshape(down, height, across, width, 3)
    blocks = grid.swapaxes(1, 2).reshape(-1, height, width, 3)
    clipped = ((blocks == 0) | (blocks == 255)).any(axis=-1).mean(axis=(1, 2))
    levels = 255 * to_planes(blocks / np.float32(255))
    lightness = levels[..., 0].mean(axis=(1, 2)) + 127.5
    usable = (clipped < MAX_CLIPPED_SHARE) & (lightness > _MIN_LIGHTNESS) & (lightness < _MAX_LIGHTNESS)
    return levels[usable] if usable.any() else levels


def _center_slice(side: int) -> slice:
    start = max(0, side - MAX_CROP_SIDE) // 2
    return slice(start, start + MAX_CROP_SIDE)


def _measure_detail(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the deviations of the finest and the next diagonal detail, equal for white noise.

    Args:
        blocks: of one plane, `(n, h, w) float32`.

    Returns:
        Two arrays `(n,)`.
    """
    height, width = (side // 2 * 2 for side in blocks.shape[1:])
    quarters = blocks[:, :height, :width].reshape(len(blocks), height // 2, 2, width // 2, 2)
    return _estimate_deviation(_filter_diagonal(blocks)), _estimate_deviation(
        _filter_diagonal(2 * quarters.mean(axis=(2, 4)))
    )


def _estimate_deviation(detail: np.ndarray) -> np.ndarray:
    if not detail.size:
        return np.zeros(len(detail))
    return np.median(np.abs(detail), axis=(1, 2)) / _NORMAL_MEDIAN


def _filter_diagonal(blocks: np.ndarray) -> np.ndarray:
    """Returns the finest diagonal wavelet coefficients of `(n, h, w)`; keeps the deviation of noise."""
    for _ in range(2):
        count = (blocks.shape[1] - len(_WAVELET_TAPS)) // 2 + 1
        if count <= 0:
            return np.zeros((len(blocks), 0, 0), "float32")
        rows = [tap * blocks[:, n : n + 2 * count : 2] for n, tap in enumerate(_WAVELET_TAPS)]
        blocks = np.sum(rows, axis=0, dtype="float32").swapaxes(1, 2)
    return blocks


def _estimate_noise_before_compression(detail: tuple[np.ndarray, np.ndarray], curves: np.ndarray) -> float:
    """Returns the noise before compression, from the detail after it.

    Args:
        curves: `(2, len(_TEST_STRENGTHS))`, detail of each scale by strength of the noise.
    """
    strengths = [
        np.interp(values, curve, _TEST_STRENGTHS) for values, curve in zip(detail, curves, strict=True)
    ]
    return float(np.percentile(np.minimum(*strengths), CALMEST_PERCENTILE))


@lru_cache(maxsize=16)
def _measure_compressed_noise(compression: Compression) -> np.ndarray:
    """Returns the detail of compressed noise, `(3 planes, 2 scales, len(_TEST_STRENGTHS))`, increasing."""
    noise = np.random.default_rng(0).standard_normal((_TEST_SIDE, _TEST_SIDE, 3))
    curves = np.zeros((3, 2, len(_TEST_STRENGTHS)))
    for n, strength in enumerate(_TEST_STRENGTHS):
        blocks = _cut_blocks(
            _compress(np.clip(np.rint(128 + strength * noise), 0, 255).astype("uint8"), compression)
        )
        curves[..., n] = [
            [np.median(scale) for scale in _measure_detail(blocks[..., plane])] for plane in range(3)
        ]
    # Interpolation needs increasing curves: tiny steps map 0 to no noise if weak noise leaves nothing.
    return np.maximum.accumulate(curves, axis=-1) + 1e-6 * np.arange(len(_TEST_STRENGTHS))


def _compress(planes: np.ndarray, compression: Compression) -> np.ndarray:
    """Saves Y, Cb and Cr, `(h, w, 3) uint8`, as a JPEG and returns it as RGB."""
    buffer = io.BytesIO()
    subsampling = 2 if compression.is_subsampled else 0
    image = Image.frombytes("YCbCr", planes.shape[1::-1], planes.tobytes())
    image.save(buffer, "JPEG", qtables=compression.tables, subsampling=subsampling)
    with Image.open(buffer) as saved:
        return np.asarray(saved.convert("RGB"))
