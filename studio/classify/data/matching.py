"""Matches a dataset's classes and image size with those of a classifier."""

from __future__ import annotations

from collections.abc import Sequence


def find_class_indices(names: Sequence[str], classes: Sequence[str], loosely: bool) -> list[int | None]:
    """Returns the index of each name among a classifier's classes; None if it has no such class.

    Args:
        names: classes of a dataset.
        classes: of the classifier.
        loosely: ignores case for names without an exact match.
    """
    exact = {name: place for place, name in enumerate(classes)}
    loose = {name.casefold(): place for place, name in enumerate(classes)} if loosely else {}
    return [exact.get(name, loose.get(name.casefold())) for name in names]


def list_unknown(names: Sequence[str], indices: Sequence[int | None]) -> list[str]:
    """Lists the names for which `find_class_indices` returned None."""
    return [name for name, place in zip(names, indices, strict=True) if place is None]


def dataset_side(size: tuple[int, int]) -> int:
    """Returns the side in px at which images are read: the longer side of the input, at least 16."""
    return max(16, *size)
