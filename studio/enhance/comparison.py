"""What a result has that plain enlarging has not: where, and at which frequencies. Loads no Keras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.core.imaging import image_io
from studio.enhance import bicubic

MOST = 1024  # px of a side of what is compared: the middle of a larger result
MARGIN = 8  # px of the small image beyond it, for the plain enlargement
BANDS = 64  # of frequencies


@dataclass(frozen=True)
class Compared:
    """The middle of an enlargement next to the plain one.

    Attributes:
        plain, made: `(h, w) float32`, lightness of 0 to 255.
        scale: how many times larger each side is than that of the photo.
        place: the row and the column of their first pixel in the whole enlargement.
    """

    plain: np.ndarray
    made: np.ndarray
    scale: int
    place: tuple[int, int]

    @property
    def added(self) -> np.ndarray:
        """What the network added, `(h, w) float32`, in levels."""
        return self.made - self.plain

    def most_changed(self, height: int, width: int) -> tuple[slice, slice]:
        """Where within the middle a window of a size holds most of what was added."""
        height, width = min(height, self.made.shape[0]), min(width, self.made.shape[1])
        sums = np.pad(np.square(self.added, dtype="float64"), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
        held = (
            sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
        )
        down, right = np.unravel_index(np.argmax(held), held.shape)
        return slice(int(down), int(down) + height), slice(int(right), int(right) + width)


def compared(photo: np.ndarray, made: np.ndarray) -> Compared:
    """Compares an enlargement with the plain one of the photo that it was made from.

    Args:
        photo: `(H, W, 3) uint8`.
        made: `(scale * H, scale * W, 3) uint8`.
    """
    scale = made.shape[0] // photo.shape[0]
    spans, seen = [], []
    for side in photo.shape[:2]:
        length = min(side, MOST // scale)
        start = (side - length) // 2
        spans.append((start, length))
        seen.append(slice(max(0, start - MARGIN), start + length + MARGIN))
    light = image_io.gray(np.ascontiguousarray(photo[seen[0], seen[1]]))[..., 0].astype("float32")
    plain = np.clip(bicubic.enlarged(light, scale), 0, 255)
    inner = tuple(
        slice((start - part.start) * scale, (start - part.start + length) * scale)
        for (start, length), part in zip(spans, seen, strict=True)
    )
    whole = tuple(slice(start * scale, (start + length) * scale) for start, length in spans)
    part = image_io.gray(np.ascontiguousarray(made[whole]))[..., 0].astype("float32")
    return Compared(plain[inner], part, scale, (whole[0].start, whole[1].start))


def spectrum(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How strong the frequencies of an image are, in all directions together.

    A window takes the borders away, which would otherwise count as edges.

    Args:
        light: `(h, w) float32`, levels.

    Returns:
        Frequencies in waves a pixel, `(BANDS,)` of 0 to .5, and the mean power of each in dB.
    """
    window = np.outer(*(np.hanning(side + 2)[1:-1] for side in light.shape))
    power = np.abs(np.fft.rfft2((light - light.mean()) * window)) ** 2 / np.sum(window**2)
    across = np.hypot(np.fft.fftfreq(light.shape[0])[:, None], np.fft.rfftfreq(light.shape[1]))
    band = np.minimum((across * 2 * BANDS).astype(int), BANDS)  # the corners, beyond .5, are left out
    count = np.bincount(band.ravel(), minlength=BANDS + 1)[:BANDS]
    total = np.bincount(band.ravel(), power.ravel(), BANDS + 1)[:BANDS]
    means = np.divide(total, count, out=np.full(BANDS, np.nan), where=count > 0)
    return (np.arange(BANDS) + 0.5) / (2 * BANDS), 10 * np.log10(means + 1e-3)
