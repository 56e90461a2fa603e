"""Which images are trained on, which select weights and which are tested on: each by its own SHA-256.

A split by count moves most images to another part as soon as the data set has one image more. A model that
starts from another one would then be tested on images that the other one was trained on.
"""

from __future__ import annotations

import numpy as np

from studio.core.data import duplicates
from studio.core.data.cache import ImageDataset
from studio.core.progress import Progress

MOST_COMPARED = 20_000  # images among which near-duplicates are looked for, which takes about 20 s


def positions(dataset: ImageDataset, progress: Progress | None = None) -> np.ndarray:
    """The position of each image between 0 and 1, `(n,) float64`; the last ones are tested on. See `split`.

    It depends on the image's file alone. Near-duplicates share the smallest position among them, so that no
    copy that is added to a data set moves an image out of the training part. Of more than `MOST_COMPARED`
    images those with the largest positions are compared, which are the ones to test on and some others.

    Args:
        dataset: of a data set.
        progress: told how many were compared.

    Raises:
        Cancelled: if the user stopped it.
    """
    found = from_sha256(dataset.source_sha256)
    rows = np.sort(np.argsort(-found, kind="stable")[:MOST_COMPARED])
    groups = duplicates.find(dataset, progress, duplicates.SAME, rows).labels
    least = np.ones(len(rows))
    np.minimum.at(least, groups, found[rows])
    found[rows] = least[groups]
    return found


def from_sha256(sha256: np.ndarray) -> np.ndarray:
    """Positions from 0 to less than 1, `(n,) float64`, of the first 53 bits of `(n, 32) uint8` SHA-256."""
    first = np.ascontiguousarray(sha256[:, :8]).view(">u8").ravel()
    return (first >> 11).astype("float64") / 2**53


def split(positions: np.ndarray, *shares: float) -> tuple[np.ndarray, ...]:
    """Divides images at fixed positions, so that the part of an image does not depend on the others.

    The last part begins at 1 minus its share, and so on. Images at one position stay together. Only where a
    part would have less than half of its share, or none, it takes the nearest positions before it: in small
    data sets, and where many images are near-duplicates, which rarely lie at the end.

    Args:
        positions: `(n,)`, see above; `n` is at least the number of parts.
        shares: of all but the first part, e.g. 0.05, 0.1 for a validation and a test part.

    Returns:
        The rows of each part, at least one each, sorted: the training part first.
    """
    if len(np.unique(positions)) <= len(shares):  # copies of next to one image: they cannot stay together
        positions = np.arange(len(positions)) / len(positions)
    places, group, sizes = np.unique(positions, return_inverse=True, return_counts=True)
    before = np.concatenate([[0], np.cumsum(sizes)])
    parts, stop, edge = [], len(places), 1.0
    for left, share in reversed(list(enumerate(shares, 1))):  # each part before needs one position, too
        edge -= share
        half = np.searchsorted(before, before[stop] - max(1, round(len(positions) * share / 2)), "right") - 1
        start = max(left, min(int(np.searchsorted(places, edge)), int(half)))
        parts.append(np.flatnonzero((group >= start) & (group < stop)))
        stop = start
    return np.flatnonzero(group < stop), *reversed(parts)


def by_count(count: int, held_out: float) -> tuple[np.ndarray, np.ndarray]:
    """The rows that the models that ship were trained and tested on, sorted: divided before `split` was here.

    Only what measures these models may use it.
    """
    order = np.random.default_rng(0).permutation(count)[::-1]
    learned = count - max(1, round(count * held_out))
    return np.sort(order[:learned]), np.sort(order[learned:])
