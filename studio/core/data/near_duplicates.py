"""Finds near-duplicates: images re-encoded, brightened, mirrored or slightly cropped. Uses no neural network.

An image and its near-duplicate must not be in different parts (training, test) of a data set.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from studio.core import caches, paths
from studio.core.data.cache import ImageDataset, ImageSubset
from studio.core.progress import Progress
from studio.core.untrusted import damage

SIDE = 32  # px, side of the small gray copies that are compared
MIN_CORRELATION = 0.95  # different photos of flowers reach 0.94, re-encoded copies keep 0.98
CROPS = (1.0, 0.92, 0.84)  # share of the side of an image that its duplicate may show
_COARSE_SIDE, _MIN_COARSE_CORRELATION = 8, 0.93  # px, side of the copies of a first check
_TILE_SIDE = 2  # px, side of the tiles of a small copy whose means are compared
# In standard deviations. Tiles of copies of a photo differ by less, those of handwritten digits by more.
SAME_IMAGE_DIFFERENCE = 0.9
_BLOCK_ROWS = 256  # images compared with all others at once, 20 MB for 20,000 images
_BLOCK_PAIRS = 8192  # pairs, 64 MB
_MAX_PAIRS_PER_IMAGE = 16  # most pairs per image, because frames of a video form millions of pairs
_REPORT_INTERVAL = 1000
_MIN_DEVIATION = 0.25  # gray levels of standard deviation; below it a correlation means nothing
MAX_GROUP_SHARE, MIN_GROUP_LIMIT = 0.1, 8  # limit of a group: this share of its class, or so many images


@dataclass(frozen=True)
class Groups:
    """Groups of near-duplicates.

    Attributes:
        labels: `(n,) int64`, group of each image. Images are in a group if they are similar directly or
            through others; a group too large for its class is divided at its lowest correlations.
        pairs: `(m, 2) int64`, rows of similar images, the smaller first, sorted by correlation; a few per
            image.
        correlations: `(m,) float32`, correlation of each pair, in descending order.
    """

    labels: np.ndarray
    pairs: np.ndarray
    correlations: np.ndarray

    @property
    def cross_group_count(self) -> int:
        """Number of images with a near-duplicate in another group."""
        return len(np.unique(self.pairs[np.diff(self.labels[self.pairs], axis=1).ravel() != 0]))


def find(
    dataset: ImageDataset,
    progress: Progress | None = None,
    max_difference: float = math.inf,
    rows: np.ndarray | None = None,
) -> Groups:
    """Finds near-duplicates among images and caches the result.

    Args:
        dataset: images in color or gray.
        progress: reports the number of compared images.
        max_difference: largest difference of any tile of a pair, in standard deviations.
            `SAME_IMAGE_DIFFERENCE` accepts only copies of an image, not similar digits or drawings.
        rows: `(m,)`, images to compare and group; None for all.

    Raises:
        Cancelled: if the job was cancelled.
    """
    progress = progress or Progress()
    rows = np.arange(len(dataset.images)) if rows is None else rows
    classes = np.zeros(len(rows), "int64") if dataset.labels is None else dataset.labels[rows]
    digests = dataset.digests[rows].tobytes()
    key = hashlib.sha256(f"near 5 {SIDE} {MIN_CORRELATION} {CROPS}".encode() + digests).hexdigest()
    path = caches.claim(paths.ensure_folder("cache") / "near" / f"{key}.npz")
    try:
        with np.load(path, allow_pickle=False) as archive:
            pairs, correlations, differences = (
                archive[name] for name in ("pairs", "correlations", "differences")
            )
    except damage.NPZ_ERRORS:  # missing or damaged
        pairs, correlations, differences = _find_pairs(dataset.select(rows), progress)
        with paths.replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, pairs=pairs, correlations=correlations, differences=differences)
    is_close = differences <= max_difference
    return _group_similar_images(classes, pairs[is_close], correlations[is_close])


def _find_pairs(images: ImageSubset, progress: Progress) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Finds similar pairs.

    Returns:
        The pairs sorted by correlation, their correlations, and their largest tile differences.
    """
    gray, count = _make_gray_copies(images, progress), len(images)
    plain, coarse = _make_normalized_copies(gray, SIDE), _make_normalized_copies(gray, _COARSE_SIDE)
    keys, scores, differences = [], [], []
    for share, flip in [(share, flip) for share in CROPS for flip in (False, True)]:
        copies, coarse_copies = (
            _make_normalized_copies(gray, SIDE, share, flip),
            _make_normalized_copies(gray, _COARSE_SIDE, share, flip),
        )
        for start in range(0, count, _BLOCK_ROWS):
            progress.check()
            candidates = coarse[start : start + _BLOCK_ROWS] @ coarse_copies.T > _MIN_COARSE_CORRELATION
            np.fill_diagonal(candidates[:, start:], False)
            rows, columns, block_correlations, block_differences = _select_similar_pairs(
                plain[start : start + _BLOCK_ROWS], copies, candidates
            )
            keys.append(np.minimum(start + rows, columns) * count + np.maximum(start + rows, columns))
            scores.append(block_correlations)
            differences.append(block_differences)
    all_keys, correlations = np.concatenate(keys), np.concatenate(scores)
    order = np.lexsort((all_keys, -correlations))
    best = order[np.sort(np.unique(all_keys[order], return_index=True)[1])]
    pairs = np.stack(np.divmod(all_keys[best], count), axis=1)
    return pairs, correlations[best], np.concatenate(differences)[best]


def _select_similar_pairs(
    plain: np.ndarray, transformed: np.ndarray, candidates: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Selects similar pairs, at most `_MAX_PAIRS_PER_IMAGE` per row.

    Args:
        plain, transformed: normalized copies of the rows and of the columns.
        candidates: pairs to compare, `(rows, columns) bool`.

    Returns:
        Rows, columns, correlations and largest tile differences of the pairs, `(n,)` each.
    """
    rows, columns = np.divmod(np.flatnonzero(candidates), candidates.shape[1])  # twice as fast as `nonzero`
    correlations = np.empty(len(rows), "float32")
    for start in range(0, len(rows), _BLOCK_PAIRS):
        chunk = slice(start, start + _BLOCK_PAIRS)
        correlations[chunk] = np.einsum("ij,ij->i", plain[rows[chunk]], transformed[columns[chunk]])
    rows, columns, correlations = (
        values[correlations > MIN_CORRELATION] for values in (rows, columns, correlations)
    )
    order = np.lexsort((-correlations, rows))
    ranks = np.arange(len(rows)) - np.searchsorted(rows, rows)  # `rows` is sorted, in either order
    best = order[ranks < _MAX_PAIRS_PER_IMAGE]
    rows, columns = rows[best], columns[best]
    return rows, columns, correlations[best], _measure_largest_differences(plain[rows], transformed[columns])


def _measure_largest_differences(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns the largest difference of a tile of each pair, in standard deviations, `(n,) float32`."""
    tiles = (
        (first - second)
        .reshape(len(first), SIDE // _TILE_SIDE, _TILE_SIDE, SIDE // _TILE_SIDE, _TILE_SIDE)
        .mean((2, 4))
    )
    return np.abs(tiles).max(axis=(1, 2), initial=0) * SIDE


def _make_gray_copies(images: ImageSubset, progress: Progress) -> np.ndarray:
    """Makes small gray copies, `(n, 2 * SIDE, 2 * SIDE) float32`."""
    small_images = np.empty((len(images), 2 * SIDE, 2 * SIDE), "float32")
    for n in range(len(images)):
        if n % _REPORT_INTERVAL == 0:
            progress.report(n, len(images), text="Comparing images")
        small = Image.fromarray(images[n].squeeze()).convert("L")
        small_images[n] = np.asarray(small.resize(small_images.shape[1:], Image.Resampling.BILINEAR))
    return small_images


def _make_normalized_copies(
    gray: np.ndarray, side: int, share: float = 1.0, flip: bool = False
) -> np.ndarray:
    """Makes small copies, normalized for brightness and contrast.

    Returns:
        `(n, side * side) float32`, each of length 1, or 0 for a flat image.
    """
    shrink = _make_averaging_matrix(gray.shape[1], share, side)
    small = shrink @ gray @ shrink.T
    centered = (small[:, :, ::-1] if flip else small).reshape(len(small), -1)
    centered = centered - centered.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centered, axis=1, keepdims=True)
    return np.where(lengths > _MIN_DEVIATION * side, centered / np.maximum(lengths, 1e-6), 0).astype(
        "float32"
    )


def _make_averaging_matrix(old_size: int, share: float, new_size: int) -> np.ndarray:
    """Returns the matrix `(new, old)` that averages equal, possibly fractional parts of a line's middle."""
    edges = old_size / 2 + np.linspace(-0.5, 0.5, new_size + 1) * share * old_size
    pixels = np.arange(old_size)
    overlap = np.minimum(pixels + 1, edges[1:, None]) - np.maximum(pixels, edges[:-1, None])
    return (np.clip(overlap, 0, None) / (share * old_size / new_size)).astype("float32")


def _group_similar_images(classes: np.ndarray, pairs: np.ndarray, correlations: np.ndarray) -> Groups:
    """Joins pairs in order of correlation, while no group is too large for the smallest of its classes.

    Without this limit, similar images such as nearly all digits "1" would form a single group.
    """
    size_limits = np.maximum(MIN_GROUP_LIMIT, np.bincount(classes) * MAX_GROUP_SHARE)[classes].tolist()
    members = [[row] for row in range(len(classes))]  # the group of each image, a shared list
    for i, j in pairs.tolist():
        large, small = sorted((members[i], members[j]), key=len, reverse=True)
        limit = min(size_limits[large[0]], size_limits[small[0]])
        if large is small or len(large) + len(small) > limit:
            continue
        large += small
        size_limits[large[0]] = limit
        for row in small:
            members[row] = large
    return Groups(np.array([group[0] for group in members], "int64"), pairs, correlations)
