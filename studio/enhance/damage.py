"""What is wrong with a photo: how strong its noise is, and how strongly its file was compressed. No Keras."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from studio.enhance.planes import planes

MOST = 75.0  # levels of noise that a network is told
LEAST_NOISE = 1.5  # levels: weaker noise is invisible
GOOD_QUALITY = 95.0  # of a JPEG file, from which on its artifacts are invisible
BLOCK = 64  # px of a side of the parts of a photo that are measured
LOOKED_AT = 2048  # px, at most, of a side of the middle of the photo that they are taken from
CALM = 25.0  # per cent of the parts that show less than the noise that is reported: others have texture
_DEVIATION = 0.6745  # the median of the distances of a normal distribution of deviation 1 from its mean
_HIGH = np.array([-0.1294095, -0.2241439, 0.8365163, -0.4829629], "float32")  # Daubechies' wavelet of 4 taps


@dataclass(frozen=True)
class Damage:
    """What is wrong with a picture.

    Attributes:
        light: standard deviation of the noise of its lightness, in levels of 255.
        colour: that of each of its two colours, Cb and Cr.
        quality: of the JPEG file that it was, as libjpeg counts: 1 to 100; 100 for none.
    """

    light: float = 0.0
    colour: float = 0.0
    quality: float = 100.0


def measured(data: bytes, picture: np.ndarray) -> Damage:
    """Measures a photo.

    Args:
        data: its file.
        picture: `(H, W, 3 or 4) uint8`, what is in it.
    """
    return Damage(*noise_of(picture), quality_of(data))


def noise_of(picture: np.ndarray) -> tuple[float, float]:
    """Standard deviation of the noise of lightness and of each colour, in levels.

    The finest diagonal detail of a photo is nearly all noise, and the median is not led astray by the edges
    among it (Donoho and Johnstone 1994). It is taken of many small parts, and the calm ones count, for what
    has texture looks noisy. Compressing takes this detail away, so that much is missed in a JPEG file.

    Args:
        picture: `(H, W, 3 or 4) uint8`.
    """
    rows, columns = (_middle(side) for side in picture.shape[:2])
    seen = 255 * planes(picture[rows, columns, :3] / np.float32(255))
    light, blue, red = (_noise(seen[..., n]) for n in range(3))
    return light, float(np.hypot(blue, red) / np.sqrt(2))


def _middle(side: int) -> slice:
    start = max(0, side - LOOKED_AT) // 2
    return slice(start, start + LOOKED_AT)


def _noise(plane: np.ndarray) -> float:
    """Of one plane, `(h, w) float32`."""
    detail = np.abs(_diagonal(plane))
    side = BLOCK // 2
    height, width = (min(length, max(1, length // side) * side) for length in detail.shape)
    if min(height, width) < side:
        return float(np.median(detail) / _DEVIATION) if detail.size else 0.0
    blocks = detail[:height, :width].reshape(height // side, side, width // side, side)
    each = np.median(np.moveaxis(blocks, 1, 2).reshape(-1, side * side), axis=1)
    return float(np.percentile(each, CALM) / _DEVIATION)


def _diagonal(plane: np.ndarray) -> np.ndarray:
    """The finest diagonal detail, `(h, w)` -> about half as large; of noise it has the same deviation."""
    for _ in range(2):
        count = (plane.shape[0] - len(_HIGH)) // 2 + 1
        rows = [tap * plane[n : n + 2 * count : 2] for n, tap in enumerate(_HIGH)]
        plane = np.sum(rows, axis=0, dtype="float32").T if count > 0 else np.zeros((0, 0), "float32")
    return plane


def quality_of(data: bytes) -> float:
    """The quality that a JPEG file was saved with, from its table for lightness; 100 of all other files.

    Programs that do not count as libjpeg does have tables of their own; of these it is the nearest.
    """
    steps = sum(_table(data))
    if not steps:
        return 100.0
    return 1.0 + min(range(100), key=lambda n: abs(_sums()[n] - steps))


@cache
def _sums() -> list[int]:
    """Of all steps of the table that libjpeg has for each quality from 1 to 100: larger steps, less kept."""
    sums = []
    for quality in range(1, 101):
        buffer = io.BytesIO()
        Image.new("L", (8, 8)).save(buffer, "JPEG", quality=quality)
        sums.append(sum(_table(buffer.getvalue())))
    return sums


def _table(data: bytes) -> Sequence[int]:
    """The table for lightness of a JPEG file; nothing of other files."""
    if not data.startswith(b"\xff\xd8\xff"):
        return ()
    with warnings.catch_warnings(), suppress(OSError, SyntaxError, ValueError):
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            return getattr(picture, "quantization", {}).get(0, ())
    return ()
