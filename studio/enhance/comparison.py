"""Compares a result with bicubic upscaling, by place and by frequency. Loads no Keras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.core.imaging import image_io
from studio.enhance import bicubic

MAX_CROP_SIDE = 1024  # px, largest side of the compared center crop
BANDS = 64  # frequency bands


@dataclass(frozen=True)
class Comparison:
    """The center crop of a result and of bicubic upscaling.

    Attributes:
        plain, result: `(h, w) float32`, lightness, 0 to 255.
        scale: upscaling factor.
        offset: row and column of the crop's first pixel in the whole result.
    """

    plain: np.ndarray
    result: np.ndarray
    scale: float
    offset: tuple[int, int]

    @property
    def residual(self) -> np.ndarray:
        """The residual that the network added, `(h, w) float32`, in levels."""
        return self.result - self.plain

    def find_most_changed(self, height: int, width: int) -> tuple[slice, slice]:
        """Returns the slices of the window with the most residual energy."""
        height, width = min(height, self.result.shape[0]), min(width, self.result.shape[1])
        sums = np.pad(np.square(self.residual, dtype="float64"), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
        energy = (
            sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
        )
        down, right = np.unravel_index(np.argmax(energy), energy.shape)
        return slice(int(down), int(down) + height), slice(int(right), int(right) + width)


def compare(photo: np.ndarray, result: np.ndarray) -> Comparison:
    """Compares a result with bicubic upscaling of its photo.

    Args:
        photo: `(H, W, 3) uint8`.
        result: `(scale * H, scale * W, 3) uint8`, for a scale of at least 1, rounded to whole pixels.
    """
    spans, matrices = [], []
    for old, new in zip(photo.shape[:2], result.shape[:2], strict=True):
        length = min(new, MAX_CROP_SIDE)
        start = (new - length) // 2
        spans.append(slice(start, start + length))
        matrices.append(bicubic.resize_matrix(old, new, start, start + length))
    plain = np.clip(matrices[0] @ _lightness(photo) @ matrices[1].T, 0, 255)
    scale = max(result.shape[:2]) / max(photo.shape[:2])
    return Comparison(plain, _lightness(result[tuple(spans)]), scale, (spans[0].start, spans[1].start))


def _lightness(image: np.ndarray) -> np.ndarray:
    return image_io.to_gray(np.ascontiguousarray(image))[..., 0].astype("float32")


def compute_spectrum(lightness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the radially averaged power spectrum of an image.

    A Hann window suppresses the borders, which would count as edges.

    Args:
        lightness: `(h, w) float32`, levels.

    Returns:
        Frequencies in cycles per pixel, `(BANDS,)` from 0 to .5, and the mean power of each in dB.
    """
    window = np.outer(*(np.hanning(side + 2)[1:-1] for side in lightness.shape))
    power = np.abs(np.fft.rfft2((lightness - lightness.mean()) * window)) ** 2 / np.sum(window**2)
    frequencies = np.hypot(np.fft.fftfreq(lightness.shape[0])[:, None], np.fft.rfftfreq(lightness.shape[1]))
    band = np.minimum((frequencies * 2 * BANDS).astype(int), BANDS)  # corners beyond .5 are left out
    count = np.bincount(band.ravel(), minlength=BANDS + 1)[:BANDS]
    total = np.bincount(band.ravel(), power.ravel(), BANDS + 1)[:BANDS]
    means = np.divide(total, count, out=np.full(BANDS, np.nan), where=count > 0)
    return (np.arange(BANDS) + 0.5) / (2 * BANDS), 10 * np.log10(means + 1e-3)
