"""What a process keeps in memory for the next time, as opened models: the few that were used last."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

K, T = TypeVar("K"), TypeVar("T")
_lock = threading.Lock()


def get_or_make(kept: dict[K, T], name: K, make: Callable[[], T], most: int) -> T:
    """The value under a name, made first if there is none.

    Args:
        kept: by name, in the order in which they were used.
        name: what tells it from others, as the digest of a model's weights does.
        make: makes it; nothing gives way if that fails.
        most: how many are kept.
    """
    with _lock:
        if name in kept:
            kept[name] = kept.pop(name)
            return kept[name]
    made = make()  # takes long, and others need not wait
    with _lock:
        kept.pop(name, None)
        while len(kept) >= most:
            del kept[next(iter(kept))]
        kept[name] = made
    return made
