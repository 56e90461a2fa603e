"""The cache of recently used objects: eviction, failures and locking."""

from __future__ import annotations

import threading

import pytest

from studio.core.models.lru import get_or_make


def test_the_least_recently_used_entry_is_evicted():
    cache: dict[str, str] = {}
    for name in ("often", "once", "often", "twice", "often", "new"):
        get_or_make(cache, name, lambda name=name: name.upper(), 3)
    assert cache == {"twice": "TWICE", "often": "OFTEN", "new": "NEW"}


def test_a_failed_creation_evicts_nothing():
    cache = {"a": 1, "b": 2}
    with pytest.raises(ZeroDivisionError):
        get_or_make(cache, "c", lambda: 1 // 0, 2)
    assert cache == {"a": 1, "b": 2}


def test_slow_creation_does_not_block_other_entries():
    cache: dict[str, str] = {"there": "x"}
    has_begun, may_finish = threading.Event(), threading.Event()

    def make_slowly() -> str:
        has_begun.set()
        assert may_finish.wait(20)
        return "slow"

    thread = threading.Thread(target=get_or_make, args=(cache, "slow", make_slowly, 2))
    thread.start()
    assert has_begun.wait(20)
    assert get_or_make(cache, "there", lambda: "y", 2) == "x"
    may_finish.set()
    thread.join()
    assert cache == {"there": "x", "slow": "slow"}
