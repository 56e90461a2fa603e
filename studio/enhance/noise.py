"""How strong the noise of a photo was before its file was compressed. No Keras.

The finest diagonal detail of a photo is nearly all noise, and the median is robust to the edges in it
(Donoho and Johnstone 1994). It is measured in many small blocks. The calm ones count: texture looks like
noise.

JPEG removes most of that detail and leaves more of the next coarser one. Networks learn to clean with the
noise before compression. So noise of known strengths is compressed as the photo was and measured as the
photo is, and these curves are inverted. Both scales must show the noise, because texture shows more in the
coarser one. Texture still passes for weak noise, so only strong noise is estimated in this way.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image

from studio.enhance.planes import planes

BLOCK = 64  # px of a side of the blocks of a photo that are measured
LARGEST = 2048  # px, at most, of a side of the middle of the photo that they are taken from
CALM = 25.0  # percent of the blocks that show less than the noise that is reported: others have texture
CALMEST = 5.0  # that percentage where compression makes texture look more like noise
SURE = 5.5  # levels: weaker noise cannot be told from texture by the coarser detail
LEAST_FINE = 2.0  # levels of the finest detail: with less of it, coarser detail is texture
CORRELATED = 0.5  # share of the coarser detail: white noise has more in the finest
LEFT = 0.15  # share of noise that compression must leave in the finest detail, for that to tell its strength
MOST_CLIPPED = 0.05  # share of a block's pixels: more of them hide its noise
_DARK, _BRIGHT = 4.0, 251.0  # levels of a block's mean lightness: beyond these, noise is clipped or crushed
_DEVIATION = 0.6745  # the median of the distances of a normal distribution of deviation 1 from its mean
_HIGH = np.array([-0.1294095, -0.2241439, 0.8365163, -0.4829629], "float32")  # Daubechies' wavelet of 4 taps
_STRENGTHS = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 36.0, 50.0)  # levels that are compressed
_SIDE = 192  # px of what is compressed
_RATIO = 0.641 / 0.669  # noise of each color to that of lightness, where R, G and B have independent noise


class Compression(NamedTuple):
    """How a JPEG file was compressed.

    Attributes:
        tables: its quantization tables, 64 steps each: of lightness and, if it has one, of colors.
        is_subsampled: whether its colors have less resolution than its lightness.
    """

    tables: tuple[tuple[int, ...], ...]
    is_subsampled: bool


def estimate(image: np.ndarray, compression: Compression | None = None) -> tuple[float, float]:
    """Standard deviation of the noise of lightness and of each color, in levels.

    Args:
        image: `(H, W, 3 or 4) uint8`.
        compression: of its file, if that is a JPEG; the noise before it is estimated.
    """
    blocks = _blocks(image)
    each = [_detail(blocks[..., n]) for n in range(3)]
    light, color = _light_and_color([float(np.percentile(fine, CALM)) for fine, _ in each])
    if compression is None:
        correlated = _correlated(each)
        return max(light, correlated[0]), max(color, correlated[1])
    curves = _curves(compression)
    light_before, color_before = _light_and_color(
        [_before(detail, curve) for detail, curve in zip(each, curves, strict=True)]
    )
    left = np.interp(light_before, _STRENGTHS, curves[0, 0])
    if light_before < SURE or left < LEFT * light_before:
        return light, color
    # Compression leaves so little of color noise that weak texture passes for strong noise: cap it.
    return light_before, max(color, min(color_before, _RATIO * light_before))


def _correlated(each: list[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """Noise of lightness and colors that is correlated among neighboring pixels; 0 without any.

    Interpolation in a camera or resizing leave it mostly in the coarser detail. So do textures, but rarely as
    strongly in the calmest blocks and with as much of the finest detail.
    """
    fine, coarse = (float(np.percentile(scale, CALMEST)) for scale in each[0])
    if fine < LEAST_FINE or coarse < SURE or fine > CORRELATED * coarse:
        return 0.0, 0.0
    return _light_and_color([float(np.percentile(scale, CALMEST)) for _, scale in each])


def _light_and_color(planes: list[float]) -> tuple[float, float]:
    """Of the noise of Y, Cb and Cr: that of lightness, and the root mean square of the colors."""
    return planes[0], float(np.hypot(planes[1], planes[2]) / np.sqrt(2))


def _blocks(image: np.ndarray) -> np.ndarray:
    """The blocks without much clipping, or all: `(n, BLOCK, BLOCK, 3) float32`, levels.

    Clipping and the crushed shadows of cameras hide noise. Blocks of a smaller photo are as large as it is.
    """
    rows, columns = (_middle(side) for side in image.shape[:2])
    pixels = image[rows, columns, :3]
    height, width = (min(BLOCK, side) for side in pixels.shape[:2])
    down, across = pixels.shape[0] // height, pixels.shape[1] // width
    grid = pixels[: down * height, : across * width].reshape(down, height, across, width, 3)
    blocks = grid.swapaxes(1, 2).reshape(-1, height, width, 3)
    clipped = ((blocks == 0) | (blocks == 255)).any(axis=-1).mean(axis=(1, 2))
    levels = 255 * planes(blocks / np.float32(255))
    lightness = levels[..., 0].mean(axis=(1, 2)) + 127.5
    usable = (clipped < MOST_CLIPPED) & (lightness > _DARK) & (lightness < _BRIGHT)
    return levels[usable] if usable.any() else levels


def _middle(side: int) -> slice:
    start = max(0, side - LARGEST) // 2
    return slice(start, start + LARGEST)


def _detail(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Deviation of the finest and of the next diagonal detail; white noise has the same in both.

    Args:
        blocks: of one plane, `(n, h, w) float32`.

    Returns:
        Two of `(n,)`.
    """
    height, width = (side // 2 * 2 for side in blocks.shape[1:])
    halves = blocks[:, :height, :width].reshape(len(blocks), height // 2, 2, width // 2, 2)
    return _deviation(_diagonal(blocks)), _deviation(_diagonal(2 * halves.mean(axis=(2, 4))))


def _deviation(detail: np.ndarray) -> np.ndarray:
    if not detail.size:
        return np.zeros(len(detail))
    return np.median(np.abs(detail), axis=(1, 2)) / _DEVIATION


def _diagonal(blocks: np.ndarray) -> np.ndarray:
    """The finest diagonal detail, `(n, h, w)` -> about half as large; of noise it has the same deviation."""
    for _ in range(2):
        count = (blocks.shape[1] - len(_HIGH)) // 2 + 1
        if count <= 0:
            return np.zeros((len(blocks), 0, 0), "float32")
        rows = [tap * blocks[:, n : n + 2 * count : 2] for n, tap in enumerate(_HIGH)]
        blocks = np.sum(rows, axis=0, dtype="float32").swapaxes(1, 2)
    return blocks


def _before(detail: tuple[np.ndarray, np.ndarray], curves: np.ndarray) -> float:
    """Noise before compression, from the detail of the blocks after it.

    Args:
        curves: `(2, len(_STRENGTHS))`, the detail of each scale that each strength leaves.
    """
    each = [np.interp(found, curve, _STRENGTHS) for found, curve in zip(detail, curves, strict=True)]
    return float(np.percentile(np.minimum(*each), CALMEST))


@lru_cache(maxsize=16)
def _curves(compression: Compression) -> np.ndarray:
    """The detail that compressed noise shows: `(3 planes, 2 scales, len(_STRENGTHS))`, each increasing."""
    noise = np.random.default_rng(0).standard_normal((_SIDE, _SIDE, 3))
    left = np.zeros((3, 2, len(_STRENGTHS)))
    for n, strength in enumerate(_STRENGTHS):
        blocks = _blocks(
            _compressed(np.clip(np.rint(128 + strength * noise), 0, 255).astype("uint8"), compression)
        )
        left[..., n] = [[np.median(scale) for scale in _detail(blocks[..., plane])] for plane in range(3)]
    # Interpolation needs increasing curves; where weak noise leaves nothing, tiny steps map 0 to no noise.
    return np.maximum.accumulate(left, axis=-1) + 1e-6 * np.arange(len(_STRENGTHS))


def _compressed(planes: np.ndarray, compression: Compression) -> np.ndarray:
    """Y, Cb and Cr, `(h, w, 3) uint8`, saved as a JPEG and read again as RGB."""
    buffer = io.BytesIO()
    subsampling = 2 if compression.is_subsampled else 0
    image = Image.frombytes("YCbCr", planes.shape[1::-1], planes.tobytes())
    image.save(buffer, "JPEG", qtables=compression.tables, subsampling=subsampling)
    with Image.open(buffer) as saved:
        return np.asarray(saved.convert("RGB"))
