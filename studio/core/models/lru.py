"""A least-recently-used cache, e.g. for loaded models."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from studio.core.models.presets import Preset

K = TypeVar("K")
T = TypeVar("T")
_MAX_NETWORKS = 2  # of each kind
_networks: dict[Callable, dict[str, Any]] = {}  # of a worker, by what loads them and the key of their preset
_lock = threading.Lock()


def load_cached(load: Callable[[Preset], T], preset: Preset) -> T:
    """Loads the network of a preset, cached in memory. Raises like `load`, a class or a module's function."""
    return get_or_make(_networks.setdefault(load, {}), preset.key, lambda: load(preset), _MAX_NETWORKS)


def get_or_make(cache: dict[K, T], key: K, make: Callable[[], T], max_entries: int) -> T:
    """Returns the cached value of a key, or makes and caches it.

    Args:
        cache: values by key, the least recently used first.
        key: identifies the value, e.g. the SHA-256 of a model's weights.
        make: makes the value; nothing is evicted if it fails.
        max_entries: largest number of values in the cache.
    """
    with _lock:
        if key in cache:
            cache[key] = cache.pop(key)
            return cache[key]
    value = make()  # slow, so outside the lock
    with _lock:
        cache.pop(key, None)
        while len(cache) >= max_entries:
            del cache[next(iter(cache))]
        cache[key] = value
    return value
