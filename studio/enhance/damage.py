"""What is wrong with a photo: how strong its noise is, and how strongly its file was compressed. No Keras."""

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

MOST = 75.0  # levels of noise that a network is told
# Levels. Fine texture of clean photos reads as up to 3.8 on 18 of 20 (samples and Set14, as PNG).
LEAST_NOISE = 4.0
GOOD_QUALITY = 95.0  # of a JPEG file, from which on its artifacts are invisible


@dataclass(frozen=True)
class Damage:
    """What is wrong with an image.

    Attributes:
        light: standard deviation of the noise of its lightness, in levels of 255, before it was compressed.
        color: that of each of its two colors, Cb and Cr.
        quality: of the JPEG file that it was, as libjpeg counts: 1 to 100; 100 for none.
    """

    light: float = 0.0
    color: float = 0.0
    quality: float = 100.0

    @property
    def noise(self) -> float:
        """Standard deviation of the stronger noise, that of lightness or that of color, 0 to 255."""
        return max(self.light, self.color)


def measured(data: bytes, image: np.ndarray) -> Damage:
    """Measures a photo.

    Args:
        data: its file.
        image: `(H, W, 3 or 4) uint8`, what is in it.
    """
    return Damage(*noise.estimate(image, _compression(data)), quality_of(data))


def quality_of(data: bytes) -> float:
    """The quality that a JPEG file was saved with, from its table for lightness; 100 of all other files.

    Programs that do not count as libjpeg does have tables of their own; of these it is the nearest.
    """
    steps = sum(_light_table(data))
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
        sums.append(sum(_light_table(buffer.getvalue())))
    return sums


def _light_table(data: bytes) -> Sequence[int]:
    """The quantization table for lightness of a JPEG file; empty for other files."""
    compression = _compression(data)
    return compression.tables[0] if compression else ()


def _compression(data: bytes) -> noise.Compression | None:
    """How a JPEG file was compressed; None for other files."""
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    with warnings.catch_warnings(), suppress(OSError, SyntaxError, ValueError):
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            tables = getattr(image, "quantization", {})
            if 0 in tables:
                chosen = tuple(tuple(tables[n]) for n in (0, 1) if n in tables)
                return noise.Compression(chosen, JpegImagePlugin.get_sampling(image) > 0)
    return None
