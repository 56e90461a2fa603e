"""What a process keeps in memory for the next time, as opened models: the few that were used last."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
T = TypeVar("T")
_lock = threading.Lock()


def get_or_make(kept: dict[K, T], key: K, make: Callable[[], T], most: int) -> T:
    """The value under a key, made first if there is none.

    Args:
        kept: by key, in the order in which they were used.
        key: what tells it from others, as the digest of a model's weights does.
        make: makes it; nothing gives way if that fails.
        most: how many are kept.
    """
    with _lock:
        if key in kept:
            kept[key] = kept.pop(key)
            return kept[key]
    made = make()  # takes long, and others need not wait
    with _lock:
        kept.pop(key, None)
        while len(kept) >= most:
            del kept[next(iter(kept))]
        kept[key] = made
    return made
