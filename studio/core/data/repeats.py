"""Images that show the same as another one: saved again, smaller, a little brighter. Needs no network.

Identical files are left out wherever images are read (`studio.core.data.cache`). These here have other
bytes and other pixels, yet a generator learns the one image as often as it is there.

A mirrored or a cropped image is another one here, unlike in `studio.core.data.duplicates`, which keeps
test images apart: people add such to a data set on purpose, and whoever is told to leave one out must be
right about it. So is a drawing of another color, or with one thing more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from studio.core.data.cache import ImageDataset
from studio.core.progress import Progress

MOST = 20_000  # images that are compared with each other, which takes some seconds
SIDE = 16  # px of the small copies in color that are compared
ALIKE = 0.97  # correlation of two copies; a photo of faint stars of 128 px keeps it from JPEG 30 on
APART = 24  # of 255: what differs more anywhere in its small copy shows something else
_ROWS = 256  # compared with all before at once: 20 MB for 20,000 images
_EACH = 8  # the most alike, of which one is the same or none
_FLAT = 0.25  # levels; what varies less has no correlation worth the name


@dataclass(frozen=True)
class Repeats:
    """Which images show the same as a larger one, or as one before them.

    Attributes:
        rows: `(m,) int64`, of the images that do, in ascending order.
        firsts: `(m,) int64`, which image each of them shows again; none of `rows`.
        alike: `(m,) float32`, the correlation of the two.
        compared: how many images were looked at: the first ones, `MOST` at most.
    """

    rows: np.ndarray
    firsts: np.ndarray
    alike: np.ndarray
    compared: int


def find(dataset: ImageDataset, progress: Progress | None = None) -> Repeats:
    """Finds images that show the same as another, among the first `MOST`; the largest is the first of all.

    Args:
        dataset: in color or gray.
        progress: told how many were compared.

    Raises:
        Cancelled: if a user asked to stop.
    """
    progress = progress or Progress()
    count = min(len(dataset.images), MOST)
    order = np.argsort(-dataset.sizes.min(axis=1)[:count], kind="stable")
    small = _small(dataset.images, order)
    shapes = _shapes(small)
    new, found = np.ones(count, bool), []
    for start in range(0, count, _ROWS):
        progress.report(start, count, text="Comparing images")
        stop = min(start + _ROWS, count)
        scores = shapes[start:stop] @ shapes[:stop].T
        for row in start + np.flatnonzero((scores > ALIKE).sum(axis=1) > 1):
            before = scores[row - start, :row]
            maybe = np.flatnonzero((before > ALIKE) & new[:row])
            maybe = maybe[np.argsort(-before[maybe], kind="stable")[:_EACH]]
            same = maybe[np.abs(small[maybe] - small[row]).max(axis=(1, 2), initial=0) <= APART]
            if len(same):
                new[row] = False
                found.append((order[row], order[same[0]], before[same[0]]))
    rows, firsts, alike = zip(*sorted(found), strict=True) if found else ((), (), ())
    return Repeats(np.array(rows, "int64"), np.array(firsts, "int64"), np.array(alike, "float32"), count)


def _small(images: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Small copies of some rows, all as bright on average: `(n, SIDE * SIDE, 3) float32`, in levels of 255.

    They are luma and the two differences of color, which a JPEG coarsens most and the eye sees least.
    """
    small = np.empty((len(order), SIDE, SIDE, 3), "float32")
    for n, row in enumerate(order):
        color = Image.fromarray(images[row].squeeze()).convert("RGB").convert("YCbCr")
        small[n] = np.asarray(color.resize((SIDE, SIDE), Image.Resampling.BOX))
    small[..., 0] -= small[..., 0].mean(axis=(1, 2), keepdims=True)
    return small.reshape(len(order), SIDE * SIDE, 3)


def _shapes(small: np.ndarray) -> np.ndarray:
    """What of small copies is the same for any tint and contrast: `(n, SIDE * SIDE * 3) float32`.

    Each is of length 1, or 0 if flat, so that the product of two is their correlation.
    """
    flat = (small - small.mean(axis=1, keepdims=True)).reshape(len(small), -1)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.where(lengths > _FLAT * SIDE, flat / np.maximum(lengths, 1e-6), 0).astype("float32")
