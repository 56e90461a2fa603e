"""The cache of recently used objects: eviction, failures and locking."""

from __future__ import annotations

import threading

import pytest

from studio.core.models.lru import get_or_make


def test_what_was_not_used_for_longest_gives_way():
    cache: dict[str, str] = {}
    for name in ("often", "once", "often", "twice", "often", "new"):
        get_or_make(cache, name, lambda name=name: name.upper(), 3)
    assert cache == {"twice": "TWICE", "often": "OFTEN", "new": "NEW"}


def test_nothing_gives_way_to_what_cannot_be_made():
    cache = {"a": 1, "b": 2}
    with pytest.raises(ZeroDivisionError):
        get_or_make(cache, "c", lambda: 1 // 0, 2)
    assert cache == {"a": 1, "b": 2}


def test_what_takes_long_to_make_lets_others_go_on():
    cache: dict[str, str] = {"there": "x"}
    has_begun, may_finish = threading.Event(), threading.Event()

    def slowly() -> str:
        has_begun.set()
        assert may_finish.wait(20)
        return "slow"

    thread = threading.Thread(target=get_or_make, args=(cache, "slow", slowly, 2))
    thread.start()
    assert has_begun.wait(20)
    assert get_or_make(cache, "there", lambda: "y", 2) == "x"
    may_finish.set()
    thread.join()
    assert cache == {"there": "x", "slow": "slow"}
