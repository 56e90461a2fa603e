"""Finds repeated images: re-encoded, smaller or slightly brighter. Uses no neural network.

`studio.core.data.cache` skips identical files. Repeated images differ in bytes and pixels, yet a generator
sees them more often than others.

Mirrored and cropped images do not count, unlike in `studio.core.data.near_duplicates`, which keeps them in
one part: users add them on purpose, and advice to remove an image must be right. Drawings that differ in a
color or a detail do not count either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from studio.core.data.cache import ImageDataset
from studio.core.progress import Progress

MAX_IMAGES = 20_000  # images to compare, which takes a few seconds
SIDE = 16  # px, side of the small color copies that are compared
MIN_CORRELATION = 0.97  # a 128 px photo of faint stars stays above it down to JPEG quality 30
MAX_DIFFERENCE = 24  # of 255; a larger difference at any pixel of the small copies means other content
_BLOCK_ROWS = 256  # images compared with all earlier ones at once, 20 MB for 20,000 images
_MAX_CANDIDATES = 8  # most similar images that are compared by pixel
_MIN_DEVIATION = 0.25  # levels of standard deviation; below it a correlation means nothing


@dataclass(frozen=True)
class RepeatedImages:
    """Images that repeat a larger or an earlier image.

    Attributes:
        rows: `(m,) int64`, rows of the repeats, in ascending order.
        originals: `(m,) int64`, row of the image that each repeats; not in `rows`.
        correlations: `(m,) float32`, correlation of the two.
        compared_count: number of compared images: the first ones, at most `MAX_IMAGES`.
    """

    rows: np.ndarray
    originals: np.ndarray
    correlations: np.ndarray
    compared_count: int


def find(dataset: ImageDataset, progress: Progress | None = None) -> RepeatedImages:
    """Finds repeated images among the first `MAX_IMAGES`; the largest image of each kind is the original.

    Args:
        dataset: images in color or gray.
        progress: reports the number of compared images.

    Raises:
        Cancelled: if the job was cancelled.
    """
    progress = progress or Progress()
    count = min(len(dataset.images), MAX_IMAGES)
    order = np.argsort(-dataset.sizes.min(axis=1)[:count], kind="stable")
    small = _make_small_copies(dataset.images, order)
    shapes = _normalize_copies(small)
    is_first, repeats = np.ones(count, bool), []
    for start in range(0, count, _BLOCK_ROWS):
        progress.report(start, count, text="Comparing images")
        stop = min(start + _BLOCK_ROWS, count)
        scores = shapes[start:stop] @ shapes[:stop].T
        for row in start + np.flatnonzero((scores > MIN_CORRELATION).sum(axis=1) > 1):
            scores_before = scores[row - start, :row]
            candidates = np.flatnonzero((scores_before > MIN_CORRELATION) & is_first[:row])
            candidates = candidates[np.argsort(-scores_before[candidates], kind="stable")[:_MAX_CANDIDATES]]
            matches = candidates[
                np.abs(small[candidates] - small[row]).max(axis=(1, 2), initial=0) <= MAX_DIFFERENCE
            ]
            if len(matches):
                is_first[row] = False
                repeats.append((order[row], order[matches[0]], scores_before[matches[0]]))
    rows, originals, correlations = zip(*sorted(repeats), strict=True) if repeats else ((), (), ())
    return RepeatedImages(
        np.array(rows, "int64"), np.array(originals, "int64"), np.array(correlations, "float32"), count
    )


def _make_small_copies(images: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Makes small YCbCr copies of some rows, of equal mean luma: `(n, SIDE * SIDE, 3) float32`, 0 to 255.

    JPEG compresses the chroma channels most, and the eye sees them least.
    """
    small = np.empty((len(order), SIDE, SIDE, 3), "float32")
    for n, row in enumerate(order):
        color = Image.fromarray(images[row].squeeze()).convert("RGB").convert("YCbCr")
        small[n] = np.asarray(color.resize((SIDE, SIDE), Image.Resampling.BOX))
    small[..., 0] -= small[..., 0].mean(axis=(1, 2), keepdims=True)
    return small.reshape(len(order), SIDE * SIDE, 3)


def _normalize_copies(small: np.ndarray) -> np.ndarray:
    """Normalizes small copies for tint and contrast: `(n, SIDE * SIDE * 3) float32`.

    Each has length 1, or 0 for a flat image, so that the dot product of two is their correlation.
    """
    centered = (small - small.mean(axis=1, keepdims=True)).reshape(len(small), -1)
    lengths = np.linalg.norm(centered, axis=1, keepdims=True)
    return np.where(lengths > _MIN_DEVIATION * SIDE, centered / np.maximum(lengths, 1e-6), 0).astype(
        "float32"
    )
