"""How a data set fits an imported classifier: its classes, and its size."""

from __future__ import annotations

from collections.abc import Sequence


def places(names: Sequence[str], classes: Sequence[str], loosely: bool) -> list[int | None]:
    """The place of each name among the classes of a classifier; None where it has none.

    Args:
        names: of the classes of a data set.
        classes: of the classifier.
        loosely: however the letters of a name are written, where none is written just so.
    """
    exact = {name: place for place, name in enumerate(classes)}
    loose = {name.casefold(): place for place, name in enumerate(classes)} if loosely else {}
    return [exact.get(name, loose.get(name.casefold())) for name in names]


def unknown(names: Sequence[str], found: Sequence[int | None]) -> list[str]:
    """The names that `places` did not find."""
    return [name for name, place in zip(names, found, strict=True) if place is None]


def side(size: tuple[int, int]) -> int:
    """Of the images that are read: as large as the longer side that it looks at, of 16 px at least."""
    return max(16, *size)
