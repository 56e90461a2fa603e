"""The common interface of all kinds of data sets: `DataSource` and its items."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from studio.core.errors import InvalidInput, invalid, make_printable


class Item(NamedTuple):
    """An image of a data set.

    Attributes:
        position: index in the names of its source.
        data: bytes of a file, or `(H, W, 3) uint8`.
        label: index of its class, or -1.
        attributes: values by name.
    """

    position: int
    data: bytes | np.ndarray
    label: int = -1
    attributes: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class DataSource:
    """A data set that was recognized and checked.

    Attributes:
        names: sorted names of all possible images.
        classes, attributes: names of the classes and attributes of items.
        read: yields items in any order, each position at most once.
        notes: sentences about skipped entries.
        has_files: whether it consists of files, which may be broken or copies.
        multi_hot: `(n, k) bool`, whether an image has a class, where an image may have any number of them;
            None where items have their label.
    """

    names: tuple[str, ...]
    classes: tuple[str, ...]
    attributes: tuple[str, ...]
    read: Callable[[], Iterator[Item]]
    notes: tuple[str, ...] = ()
    has_files: bool = False
    multi_hot: np.ndarray | None = None


def invalid_data_set(name: str, expected: str, received: str, step: str) -> InvalidInput:
    """Returns the error for an invalid data set.

    Args:
        name: name of the data set for the user.
        expected, received, step: see `errors.invalid`.
    """
    return invalid(
        f"data set {make_printable(name, 60)}", expected=expected, received=received, next_step=step
    )
