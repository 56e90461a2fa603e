"""What to learn from and what to test on: the same share of each class, no near-duplicate on both sides."""

from __future__ import annotations

import numpy as np


def split(
    labels: np.ndarray, groups: np.ndarray, held_out: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Divides images into those to learn from and those to test on.

    Of every class at least one image is learned from, and one tested on where it has two that are not alike.

    Args:
        labels: `(n,) int64`, the class of each.
        groups: `(n,) int64`, the same number for images that are nearly the same: they stay together.
        held_out: the share of each class to test on.
        seed: of the choice.

    Returns:
        The rows of both, each `(m,) int64`, sorted.
    """
    rng = np.random.default_rng([seed, 5])
    counts = np.bincount(labels)
    left = np.clip(np.round(counts * held_out), 1, np.maximum(counts - 1, 0)).astype("int64")
    single, members = _members(groups)
    tested = []
    for rows in (members[n] for n in rng.permutation(len(members))):
        inside = np.bincount(labels[rows], minlength=len(counts))
        if np.all(inside <= left):
            tested.append(rows)
            left -= inside
    single = rng.permutation(single)
    tested += [single[labels[single] == one][:most] for one, most in enumerate(left)]
    held = _with_one_of_each(np.concatenate(tested).astype("int64"), labels, members)
    return np.setdiff1d(np.arange(len(labels)), held), held


def _with_one_of_each(held: np.ndarray, labels: np.ndarray, members: list[np.ndarray]) -> np.ndarray:
    """The rows to test on, sorted, with the smallest group of each class that has none of them.

    A class of a few large groups, as bursts of a camera are, fits none into its share.
    """
    counts = np.bincount(labels)
    for one in np.flatnonzero(counts):
        for rows in sorted((rows for rows in members if np.any(labels[rows] == one)), key=len):
            if np.any(labels[held] == one):
                break
            more = np.union1d(held, rows)
            if np.all((np.bincount(labels[more], minlength=len(counts)) < counts) | (counts == 0)):
                held = more
    return np.sort(held)


def folds(labels: np.ndarray, groups: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Divides images into parts of which each is tested on once, `(n,) int64` of 0 to `count` - 1.

    A group that is more than half of a class is dealt out: left out whole, next to nothing would be left.

    Args:
        labels, groups: as in `split`.
        count: of parts.
        seed: of the choice.
    """
    rng = np.random.default_rng([seed, 6])
    single, members = _members(_dealt_out(labels, groups))
    filled = np.zeros((count, labels.max() + 1), "int64")
    found = np.empty(len(labels), "int64")
    for rows in (members[n] for n in rng.permutation(len(members))):
        inside = np.bincount(labels[rows], minlength=filled.shape[1])
        part = np.argmin(filled @ inside)  # where these classes are fewest so far
        found[rows] = part
        filled[part] += inside
    single = rng.permutation(single)
    for one in range(filled.shape[1]):
        rows = single[labels[single] == one]
        # The lowest places of all parts; among equals each class begins with another part.
        levels = filled[:, one, None] + (np.arange(count)[:, None] + one) % count / count
        lowest = np.argsort((levels + np.arange(len(rows))).ravel())[: len(rows)]
        found[rows] = lowest // max(1, len(rows))
    return found


def _dealt_out(labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Groups of which those that are more than half of a class are none: each image is one by itself."""
    names, places = np.unique(groups, return_inverse=True)
    inside = np.zeros((len(names), labels.max() + 1), "int64")
    np.add.at(inside, (places, labels), 1)
    large = np.any((inside > 1) & (2 * inside > inside.sum(axis=0)), axis=1)
    return np.where(large[places], names.max() + 1 + np.arange(len(groups)), groups)


def _members(groups: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The rows that are alone in their groups, and those of each other group."""
    order = np.argsort(groups, kind="stable")
    sizes = np.unique(groups, return_counts=True)[1]
    starts = np.cumsum(sizes) - sizes
    members = [order[start : start + size] for start, size in zip(starts, sizes, strict=True) if size > 1]
    return order[starts[sizes == 1]], members
