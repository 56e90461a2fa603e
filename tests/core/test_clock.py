"""The trusted clock follows the system clock but ignores jumps ahead."""

from __future__ import annotations

import time

import pytest

from studio.core import clock

DAY = clock.DAY


@pytest.fixture
def clocks(tmp_path, monkeypatch):
    """Moves both clocks by days, optionally in a new process: `clocks(1, 1, start=True)` -> trusted days."""
    at = {"grid": 1e9, "ran": 0.0}
    monkeypatch.setattr(time, "time", lambda: at["grid"])
    monkeypatch.setattr(time, "monotonic", lambda: at["ran"])
    monkeypatch.setattr(clock, "_looks", {})

    def move(grid: float = 0.0, ran: float = 0.0, start: bool = False) -> float:
        at["grid"] += grid * DAY
        at["ran"] += ran * DAY
        if start:
            clock._looks.clear()
        return (clock.trusted_time(tmp_path / "clock") - 1e9) / DAY

    return move


def test_it_follows_a_clock_that_goes_as_the_process_runs(clocks):
    assert [clocks(), clocks(1, 1), clocks(30, 30), clocks(-0.5, 0.1)] == pytest.approx([0, 1, 31, 30.5])
    assert clocks(0.9, start=True) == pytest.approx(31.4), "switched off over night"


def test_a_clock_that_jumps_ahead_is_not_trusted_however_often_the_studio_is_started(clocks):
    clocks()
    assert clocks(100) == pytest.approx(0)
    assert [clocks(start=True) for _ in range(200)] == pytest.approx([0] * 200)
    assert clocks(10, 10) == pytest.approx(20), "twice as fast as it runs"
    assert clocks(-105, 0) == pytest.approx(5), "corrected"


def test_it_catches_up_after_a_long_time_off(clocks):
    clocks()
    assert clocks(30, start=True) == pytest.approx(0)
    assert [clocks(1, 1) for _ in range(31)][-1] == pytest.approx(61)


@pytest.mark.parametrize("damage", ["nan", "-inf", "no number"])
def test_a_damaged_time_is_as_if_there_were_none(tmp_path, damage):
    file = tmp_path / "clock"
    file.write_text(damage)
    assert 0 < clock.trusted_time(file) <= time.time()
