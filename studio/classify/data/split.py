"""Splits a dataset by class, with near-duplicates on the same side. See `stratify` for several labels."""

from __future__ import annotations

import numpy as np


def stratify(targets: np.ndarray) -> np.ndarray:
    """Returns one label for each image, by which to split, `(n,) int64`: the rarest of several labels.

    Rare labels then have their share in each part, and common ones nearly so. Images without a label have a
    label of their own.

    Args:
        targets: the labels, `(n,) int64`, or multi-hot, `(n, k) bool`.
    """
    if targets.ndim == 1:
        return targets
    counts = np.where(targets, targets.sum(axis=0), len(targets) + 1)
    rarest = np.where(targets.any(axis=1), counts.argmin(axis=1), targets.shape[1])
    return np.unique(rarest, return_inverse=True)[1].astype("int64")


def split(
    labels: np.ndarray, groups: np.ndarray, held_out: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Splits images into training and test images.

    Every class gets at least one training image, and one test image if it has two that are not
    near-duplicates.

    Args:
        labels: `(n,) int64`, the class of each.
        groups: `(n,) int64`, equal for near-duplicates, which stay together.
        held_out: test share of each class.
        seed: of the random choice.

    Returns:
        Training rows and test rows, each `(m,) int64`, sorted.
    """
    rng = np.random.default_rng([seed, 5])
    counts = np.bincount(labels)
    quota = np.clip(np.round(counts * held_out), 1, np.maximum(counts - 1, 0)).astype("int64")
    single_rows, row_groups = _group_rows(groups)
    test_groups = []
    for rows in (row_groups[n] for n in rng.permutation(len(row_groups))):
        group_counts = np.bincount(labels[rows], minlength=len(counts))
        if np.all(group_counts <= quota):
            test_groups.append(rows)
            quota -= group_counts
    single_rows = rng.permutation(single_rows)
    test_groups += [single_rows[labels[single_rows] == label][:count] for label, count in enumerate(quota)]
    test_rows = _add_missing_classes(np.concatenate(test_groups).astype("int64"), labels, row_groups)
    return np.setdiff1d(np.arange(len(labels)), test_rows), test_rows


def _add_missing_classes(
    test_rows: np.ndarray, labels: np.ndarray, row_groups: list[np.ndarray]
) -> np.ndarray:
    """Adds to the test rows the smallest group of each class that has none, and sorts them.

    A class of a few large groups, such as camera bursts, fits none into its share.
    """
    counts = np.bincount(labels)
    for label in np.flatnonzero(counts):
        for rows in sorted((rows for rows in row_groups if np.any(labels[rows] == label)), key=len):
            if np.any(labels[test_rows] == label):
                break
            candidates = np.union1d(test_rows, rows)
            if np.all((np.bincount(labels[candidates], minlength=len(counts)) < counts) | (counts == 0)):
                test_rows = candidates
    return np.sort(test_rows)


def assign_folds(labels: np.ndarray, groups: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Assigns images to cross-validation folds, `(n,) int64`, 0 to `count` - 1.

    A group that is more than half of a class is split up, because leaving it out would leave almost nothing
    to train on.

    Args:
        labels, groups: as in `split`.
        count: number of folds.
        seed: of the random choice.
    """
    rng = np.random.default_rng([seed, 6])
    single_rows, row_groups = _group_rows(_split_large_groups(labels, groups))
    counts = np.zeros((count, labels.max() + 1), "int64")
    folds = np.empty(len(labels), "int64")
    for rows in (row_groups[n] for n in rng.permutation(len(row_groups))):
        group_counts = np.bincount(labels[rows], minlength=counts.shape[1])
        fold = np.argmin(counts @ group_counts)  # the fold with the fewest of these classes
        folds[rows] = fold
        counts[fold] += group_counts
    single_rows = rng.permutation(single_rows)
    for label in range(counts.shape[1]):
        rows = single_rows[labels[single_rows] == label]
        # Fill the emptiest folds first; each class breaks ties with another fold.
        levels = counts[:, label, None] + (np.arange(count)[:, None] + label) % count / count
        lowest = np.argsort((levels + np.arange(len(rows))).ravel())[: len(rows)]
        folds[rows] = lowest // max(1, len(rows))
    return folds


def _split_large_groups(labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Splits groups that are more than half of a class into single images."""
    names, indices = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), labels.max() + 1), "int64")
    np.add.at(counts, (indices, labels), 1)
    is_large = np.any((counts > 1) & (2 * counts > counts.sum(axis=0)), axis=1)
    return np.where(is_large[indices], names.max() + 1 + np.arange(len(groups)), groups)


def _group_rows(groups: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Returns the rows without near-duplicates, and the rows of each larger group."""
    order = np.argsort(groups, kind="stable")
    sizes = np.unique(groups, return_counts=True)[1]
    starts = np.cumsum(sizes) - sizes
    row_groups = [order[start : start + size] for start, size in zip(starts, sizes, strict=True) if size > 1]
    return order[starts[sizes == 1]], row_groups
