"""Images that are nearly the same: saved again, brighter, mirrored, cropped a little. Needs no network.

Of an image and its near-duplicate, one must not be trained on while the other is tested on.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from studio.core import caches, paths
from studio.core.data.cache import ImageDataset, Part
from studio.core.progress import Progress
from studio.core.untrusted import damage

SIDE = 32  # px of the small gray copies that are compared
ALIKE = 0.95  # correlation of two copies; different photos of flowers reach 0.94, saved again they keep 0.98
CROPS = (1.0, 0.92, 0.84)  # shares of the side that one image may be of the other
_COARSE, _MAYBE = 8, 0.93  # of smaller copies, and what is no near-duplicate below
_TILE = 2  # px a side of a small copy, whose mean is compared
SAME = 0.9  # standard deviations that no tile of two copies of one photo differs by; handwritten digits do
_ROWS = 256  # compared with all others at once: 20 MB for 20,000 images
_AT_ONCE = 8192  # pairs: 64 MB
_EACH = 16  # pairs that are kept of each image; frames of one video are alike by the million
_REPORTS = 1000
_FLAT = 0.25  # gray levels; what varies less has no correlation worth the name
TOGETHER, LEAST_TOGETHER = 0.1, 8  # of a class one group has at most that share, or so few images


@dataclass(frozen=True)
class Groups:
    """Which images are nearly the same.

    Attributes:
        labels: `(n,) int64`, the same number for images that are alike, directly or through others; but so
            many that a class could hardly be divided are parted where they are least alike.
        pairs: of rows, `(m, 2) int64`, the smaller first, most alike first; a few of each image.
        alike: `(m,) float32`, the correlation of each pair.
    """

    labels: np.ndarray
    pairs: np.ndarray
    alike: np.ndarray

    @property
    def parted(self) -> int:
        """How many images are nearly the same as one of another group."""
        return len(np.unique(self.pairs[np.diff(self.labels[self.pairs], axis=1).ravel() != 0]))


def find(
    dataset: ImageDataset,
    progress: Progress | None = None,
    most_apart: float = math.inf,
    rows: np.ndarray | None = None,
) -> Groups:
    """Finds near-duplicates among all images; those of the same images are kept for the next time.

    Args:
        dataset: in color or gray.
        progress: told how many were compared.
        most_apart: by how many standard deviations any part of a pair may differ. `SAME` takes copies of one
            image only, and no digits or drawings that are alike throughout.
        rows: `(m,)`, those to compare, which are all that the groups are of; None: all.

    Raises:
        Cancelled: if a user asked to stop.
    """
    progress = progress or Progress()
    rows = np.arange(len(dataset.images)) if rows is None else rows
    classes = np.zeros(len(rows), "int64") if dataset.labels is None else dataset.labels[rows]
    digests = dataset.digests[rows].tobytes()
    key = hashlib.sha256(f"near 5 {SIDE} {ALIKE} {CROPS}".encode() + digests).hexdigest()
    path = caches.claim(paths.folder("cache") / "near" / f"{key}.npz")
    try:
        with np.load(path, allow_pickle=False) as found:
            pairs, alike, apart = (found[name] for name in ("pairs", "alike", "apart"))
    except damage.NPZ:  # not there, or damaged
        pairs, alike, apart = _compared(dataset.part(rows), progress)
        with paths.replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, pairs=pairs, alike=alike, apart=apart)
    kept = apart <= most_apart
    return _grouped(classes, pairs[kept], alike[kept])


def _compared(images: Part, progress: Progress) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pairs, most alike first, how alike, and how far apart where they differ most."""
    gray, count = _gray(images, progress), len(images)
    plain, coarse = _shapes(gray, SIDE), _shapes(gray, _COARSE)
    keys, scores, most = [], [], []
    for share, flip in [(share, flip) for share in CROPS for flip in (False, True)]:
        other, blurred = _shapes(gray, SIDE, share, flip), _shapes(gray, _COARSE, share, flip)
        for start in range(0, count, _ROWS):
            progress.check()
            maybe = coarse[start : start + _ROWS] @ blurred.T > _MAYBE
            np.fill_diagonal(maybe[:, start:], False)
            rows, columns, alike, apart = _alike(plain[start : start + _ROWS], other, maybe)
            keys.append(np.minimum(start + rows, columns) * count + np.maximum(start + rows, columns))
            scores.append(alike)
            most.append(apart)
    every, alike, apart = np.concatenate(keys), np.concatenate(scores), np.concatenate(most)
    order = np.lexsort((every, -alike))
    best = order[np.sort(np.unique(every[order], return_index=True)[1])]
    return np.stack(np.divmod(every[best], count), axis=1), alike[best], apart[best]


def _alike(plain: np.ndarray, others: np.ndarray, maybe: np.ndarray) -> tuple[np.ndarray, ...]:
    """Rows of both that are alike, `_EACH` at most of each plain one, how much, and how far apart at most.

    Only where `maybe` says so, as all but a few need no closer look.
    """
    rows, columns = np.divmod(np.flatnonzero(maybe), maybe.shape[1])  # twice as fast as `nonzero`
    alike = np.empty(len(rows), "float32")
    for start in range(0, len(rows), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        alike[some] = np.einsum("ij,ij->i", plain[rows[some]], others[columns[some]])
    rows, columns, alike = (found[alike > ALIKE] for found in (rows, columns, alike))
    order = np.lexsort((-alike, rows))
    places = np.arange(len(rows)) - np.searchsorted(rows, rows)  # `rows` are sorted, in any such order
    best = order[places < _EACH]
    rows, columns = rows[best], columns[best]
    return rows, columns, alike[best], _apart(plain[rows], others[columns])


def _apart(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """By how many standard deviations tiles of pairs of small copies differ at most, `(n,) float32`."""
    tiles = (first - second).reshape(len(first), SIDE // _TILE, _TILE, SIDE // _TILE, _TILE).mean((2, 4))
    return np.abs(tiles).max(axis=(1, 2), initial=0) * SIDE


def _gray(images: Part, progress: Progress) -> np.ndarray:
    """`(n, 64, 64) float32`."""
    found = np.empty((len(images), 2 * SIDE, 2 * SIDE), "float32")
    for n in range(len(images)):
        if n % _REPORTS == 0:
            progress.report(n, len(images), text="Comparing images")
        small = Image.fromarray(images[n].squeeze()).convert("L")
        found[n] = np.asarray(small.resize(found.shape[1:], Image.Resampling.BILINEAR))
    return found


def _shapes(gray: np.ndarray, side: int, share: float = 1.0, flip: bool = False) -> np.ndarray:
    """Small copies without brightness and contrast: `(n, side * side) float32` of length 1, or 0 if flat."""
    shrink = _means(gray.shape[1], share, side)
    small = shrink @ gray @ shrink.T
    flat = (small[:, :, ::-1] if flip else small).reshape(len(small), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.where(lengths > _FLAT * side, flat / np.maximum(lengths, 1e-6), 0).astype("float32")


def _means(old: int, share: float, new: int) -> np.ndarray:
    """`(new, old)`: the means over equal parts of the middle of a line, of which two may share a pixel."""
    edges = old / 2 + np.linspace(-0.5, 0.5, new + 1) * share * old
    pixels = np.arange(old)
    overlap = np.minimum(pixels + 1, edges[1:, None]) - np.maximum(pixels, edges[:-1, None])
    return (np.clip(overlap, 0, None) / (share * old / new)).astype("float32")


def _grouped(classes: np.ndarray, pairs: np.ndarray, alike: np.ndarray) -> Groups:
    """Joins pairs, the most alike first, as long as no group is too large for the smallest of its classes.

    Digits are alike throughout: joined without an end, nearly all ones are a single group.
    """
    most = np.maximum(LEAST_TOGETHER, np.bincount(classes) * TOGETHER)[classes].tolist()
    members = [[row] for row in range(len(classes))]  # each image's group, which all in it share
    for i, j in pairs.tolist():
        large, small = sorted((members[i], members[j]), key=len, reverse=True)
        least = min(most[large[0]], most[small[0]])
        if large is small or len(large) + len(small) > least:
            continue
        large += small
        most[large[0]] = least
        for row in small:
            members[row] = large
    return Groups(np.array([group[0] for group in members], "int64"), pairs, alike)
