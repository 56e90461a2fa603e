"""What is held for the next time: a few, and what is used most stays."""

from __future__ import annotations

import threading

import pytest

from studio.core.models.recently_used import get_or_make


def test_what_was_not_used_for_longest_gives_way():
    kept: dict[str, str] = {}
    for name in ("often", "once", "often", "twice", "often", "new"):
        get_or_make(kept, name, lambda name=name: name.upper(), 3)
    assert kept == {"twice": "TWICE", "often": "OFTEN", "new": "NEW"}


def test_nothing_gives_way_to_what_cannot_be_made():
    kept = {"a": 1, "b": 2}
    with pytest.raises(ZeroDivisionError):
        get_or_make(kept, "c", lambda: 1 // 0, 2)
    assert kept == {"a": 1, "b": 2}


def test_what_takes_long_to_make_lets_others_go_on():
    kept: dict[str, str] = {"there": "x"}
    began, go_on = threading.Event(), threading.Event()

    def slowly() -> str:
        began.set()
        assert go_on.wait(20)
        return "slow"

    thread = threading.Thread(target=get_or_make, args=(kept, "slow", slowly, 2))
    thread.start()
    assert began.wait(20)
    assert get_or_make(kept, "there", lambda: "y", 2) == "x"
    go_on.set()
    thread.join()
    assert kept == {"there": "x", "slow": "slow"}
