"""The split of a data set that has the folders train, val and test, each with the folders of the classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.core import amounts
from studio.core.data.cache import ImageDataset
from studio.core.data.names import describe_merged_splits, list_splits
from studio.core.data.near_duplicates import Groups


@dataclass(frozen=True)
class FolderSplit:
    """A split by folders.

    Attributes:
        train_rows, validation_rows, test_rows: rows of the data set, sorted. Without a folder for testing,
            the validation folder is the test split.
    """

    train_rows: np.ndarray
    validation_rows: np.ndarray
    test_rows: np.ndarray

    @property
    def note(self) -> str:
        """A sentence that says which images are for what."""
        parts = [amounts.format_count(len(self.train_rows), "image") + " to train on"]
        if len(self.validation_rows):
            parts.append(f"{len(self.validation_rows):,} to validate")
        return (
            f"The folders of the data set are the split: {', '.join(parts)} and {len(self.test_rows):,} to "
            "test on. The setting for the test split has no effect."
        )


def find(dataset: ImageDataset) -> FolderSplit | None:
    """Returns the split of a data set by its folders.

    Returns:
        None if no folders divide it, one of the parts for training and testing is missing, the part for
        training lacks a class, or in a multi-label data set no image of another part has a label.
    """
    if not dataset.classes:
        return None
    splits = np.array(list_splits(dataset.names))
    train_rows, validation_rows, test_rows = (
        np.flatnonzero(splits == name) for name in ("train", "validation", "test")
    )
    if not len(test_rows):
        test_rows, validation_rows = validation_rows, test_rows
    targets = dataset.targets[train_rows]
    class_count = len(np.unique(targets)) if targets.ndim == 1 else int(targets.any(axis=0).sum())
    if not len(test_rows) or class_count < len(dataset.classes):
        return None
    if dataset.multi_hot is not None:  # the mean average precision is undefined without a label
        parts = (rows for rows in (validation_rows, test_rows) if len(rows))
        if not all(dataset.multi_hot[rows].any() for rows in parts):
            return None
    return FolderSplit(train_rows, validation_rows, test_rows)


def list_notes(dataset: ImageDataset) -> list[str]:
    """Lists the notes on a data set, with one on its split by folders if it has any."""
    split = find(dataset)
    if split is None:
        return list(dataset.notes)
    merged = describe_merged_splits(dataset.names)
    return [split.note, *(note for note in dataset.notes if note != merged)]


def count_leaks(dataset: ImageDataset, duplicates: Groups) -> int:
    """Counts the test images of a split by folders that are nearly the same as a training image."""
    split = find(dataset)
    if split is None:
        return 0
    pairs = np.concatenate([duplicates.pairs, duplicates.pairs[:, ::-1]])
    is_leak = np.isin(pairs[:, 0], split.test_rows) & np.isin(pairs[:, 1], split.train_rows)
    return len(np.unique(pairs[is_leak, 0]))
