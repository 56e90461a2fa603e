"""Where the images of a data set come from, before any of them is read: what all kinds have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from studio.core.errors import InvalidInput, invalid, printable


class Item(NamedTuple):
    """One image on its way.

    Attributes:
        place: in the names of its source.
        data: a file's bytes, or `(H, W, 3) uint8`.
        label: its class, or -1.
        facts: its attributes.
    """

    place: int
    data: bytes | np.ndarray
    label: int = -1
    facts: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class DataSource:
    """A data set that was recognized and checked.

    Attributes:
        names: of all that may be images, sorted.
        classes, attributes: what items may have.
        read: yields the items, each place once at most, in any order.
        notes: sentences on what was passed over.
        files: whether a user gathered files, among which may be broken ones and copies.
    """

    names: tuple[str, ...]
    classes: tuple[str, ...]
    attributes: tuple[str, ...]
    read: Callable[[], Iterator[Item]]
    notes: tuple[str, ...] = ()
    files: bool = False


def refused(name: str, expected: str, received: str, step: str) -> InvalidInput:
    """The error for a data set that cannot be taken as it is.

    Args:
        name: what the person calls it.
        expected, received, step: as in `errors.invalid`.
    """
    return invalid(f"data set {printable(name, 60)}", expected=expected, received=received, next_step=step)
