"""Splits a data set into training, validation and test parts, by the SHA-256 of each image.

A split by count would move most images to another part as soon as one image is added. A model that starts
from another one would then be tested on images that the other model was trained on.
"""

from __future__ import annotations

import numpy as np

from studio.core.data import near_duplicates
from studio.core.data.cache import ImageDataset
from studio.core.progress import Progress

MAX_COMPARED = 20_000  # images to search for near-duplicates, which takes about 20 s


def compute_positions(dataset: ImageDataset, progress: Progress | None = None) -> np.ndarray:
    """Computes the position of each image between 0 and 1, `(n,) float64`; see `split`.

    A position depends only on the image's file. Near-duplicates share the smallest of their positions, so
    that adding a copy moves no image out of the training part. If there are more than `MAX_COMPARED` images,
    only those with the largest positions are compared: the test images and some others.

    Args:
        dataset: the data set.
        progress: reports the number of compared images.

    Raises:
        Cancelled: if the job was cancelled.
    """
    positions = positions_from_sha256(dataset.source_sha256)
    rows = np.sort(np.argsort(-positions, kind="stable")[:MAX_COMPARED])
    groups = near_duplicates.find(dataset, progress, near_duplicates.SAME_IMAGE_DIFFERENCE, rows).labels
    group_positions = np.ones(len(rows))
    np.minimum.at(group_positions, groups, positions[rows])
    positions[rows] = group_positions[groups]
    return positions


def positions_from_sha256(sha256: np.ndarray) -> np.ndarray:
    """Returns positions in [0, 1), `(n,) float64`, from the first 53 bits of `(n, 32) uint8` SHA-256."""
    first = np.ascontiguousarray(sha256[:, :8]).view(">u8").ravel()
    return (first >> 11).astype("float64") / 2**53


def split(positions: np.ndarray, *shares: float) -> tuple[np.ndarray, ...]:
    """Divides images at fixed positions, so that the part of an image does not depend on other images.

    The last part starts at 1 minus its share, the part before it one share earlier. Images of equal position
    stay together. A part with less than half its share takes the nearest positions before it; this happens in
    small data sets, and with many near-duplicates, which rarely have large positions.

    Args:
        positions: `(n,)`, see `compute_positions`; n is at least the number of parts.
        shares: shares of all parts but the first, e.g. 0.05, 0.1 for a validation and a test part.

    Returns:
        The sorted rows of each part, at least one each; the training part first.
    """
    if len(np.unique(positions)) <= len(shares):  # almost all are near-duplicates, so they must be separated
        positions = np.arange(len(positions)) / len(positions)
    unique_positions, group, sizes = np.unique(positions, return_inverse=True, return_counts=True)
    counts_before = np.concatenate([[0], np.cumsum(sizes)])
    parts, stop, edge = [], len(unique_positions), 1.0
    for parts_before, share in reversed(list(enumerate(shares, 1))):
        edge -= share
        least_count = max(1, round(len(positions) * share / 2))
        latest = np.searchsorted(counts_before, counts_before[stop] - least_count, "right") - 1
        # Each earlier part needs a position, too.
        start = max(parts_before, min(int(np.searchsorted(unique_positions, edge)), int(latest)))
        parts.append(np.flatnonzero((group >= start) & (group < stop)))
        stop = start
    return np.flatnonzero(group < stop), *reversed(parts)


def split_by_count(count: int, held_out: float) -> tuple[np.ndarray, np.ndarray]:
    """Splits as before `split` existed. Use it only to evaluate the shipped models, which are older.

    Returns:
        The sorted training and test rows.
    """
    order = np.random.default_rng(0).permutation(count)[::-1]
    train_count = count - max(1, round(count * held_out))
    return np.sort(order[:train_count]), np.sort(order[train_count:])
