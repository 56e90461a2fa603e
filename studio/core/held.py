"""What a worker keeps in memory from one job to the next: a few opened models, the oldest gives way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def held(kept: dict[str, T], digest: str, make: Callable[[], T], most: int) -> T:
    """What is kept of a digest, made first if nothing is.

    Args:
        kept: by the digest of their weights, in the order in which they came.
        digest: of the weights.
        make: opens it; nothing gives way if that fails.
        most: how many are kept.
    """
    if digest not in kept:
        made = make()
        while len(kept) >= most:
            kept.pop(next(iter(kept)), None)
        kept[digest] = made
    return kept[digest]
