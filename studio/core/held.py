"""What a process keeps in memory for the next time, as opened models: a few, the oldest gives way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def held(kept: dict[str, T], name: str, make: Callable[[], T], most: int) -> T:
    """What is kept under a name, made first if nothing is.

    Args:
        kept: by name, in the order in which they came.
        name: what tells it from others, as the digest of a model's weights does.
        make: makes it; nothing gives way if that fails.
        most: how many are kept.
    """
    if name not in kept:
        made = make()
        while len(kept) >= most:
            kept.pop(next(iter(kept)), None)
        kept[name] = made
    return kept[name]
