"""Measures the noise and the JPEG compression of a photo. Loads no Keras."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, JpegImagePlugin

from studio.enhance import noise

MAX_NOISE = 75.0  # levels, highest noise that a network is conditioned on
# Levels. On 18 of 20 clean photos (samples and Set14, as PNG) fine texture measures up to 3.8.
MIN_NOISE = 4.0
GOOD_QUALITY = 95.0  # JPEG quality from which on artifacts are invisible


@dataclass(frozen=True)
class Damage:
    """The damage of an image.

    Attributes:
        light: standard deviation of the lightness noise before compression, 0 to 255.
        color: standard deviation of the noise of Cb and Cr.
        quality: JPEG quality of the file as libjpeg counts, 1 to 100; 100 for other formats.
    """

    light: float = 0.0
    color: float = 0.0
    quality: float = 100.0

    @property
    def noise(self) -> float:
        """Standard deviation of the stronger noise, that of lightness or that of color, 0 to 255."""
        return max(self.light, self.color)


def measure_damage(data: bytes, image: np.ndarray) -> Damage:
    """Measures the damage of a photo.

    Args:
        data: its file.
        image: `(H, W, 3 or 4) uint8`, its pixels.
    """
    return Damage(*noise.estimate_noise(image, _read_compression(data)), estimate_quality(data))


def estimate_quality(data: bytes) -> float:
    """Returns the quality of a JPEG file, from its luminance quantization table; 100 for other files.

    For the tables of other programs than libjpeg, returns the nearest quality.
    """
    table_sum = sum(_read_luminance_table(data))
    if not table_sum:
        return 100.0
    return 1.0 + min(range(100), key=lambda n: abs(_sum_tables()[n] - table_sum))


@cache
def _sum_tables() -> list[int]:
    """Returns the sum of libjpeg's luminance table for each quality from 1 to 100."""
    sums = []
    for quality in range(1, 101):
        buffer = io.BytesIO()
        Image.new("L", (8, 8)).save(buffer, "JPEG", quality=quality)
        sums.append(sum(_read_luminance_table(buffer.getvalue())))
    return sums


def _read_luminance_table(data: bytes) -> Sequence[int]:
    """Returns the luminance quantization table of a JPEG file; empty for other files."""
    compression = _read_compression(data)
    return compression.tables[0] if compression else ()


def _read_compression(data: bytes) -> noise.Compression | None:
    """Returns the compression of a JPEG file; None for other files."""
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    with warnings.catch_warnings(), suppress(OSError, SyntaxError, ValueError):
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            tables = getattr(image, "quantization", {})
            if 0 in tables:
                channel_tables = tuple(tuple(tables[n]) for n in (0, 1) if n in tables)
                return noise.Compression(channel_tables, JpegImagePlugin.get_sampling(image) > 0)
    return None
