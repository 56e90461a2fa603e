"""The trusted clock follows the system clock but ignores jumps ahead."""

from __future__ import annotations

import time

import pytest

from studio.core import clock

DAY = clock.DAY_SECONDS


@pytest.fixture
def clocks(tmp_path, monkeypatch):
    """Moves both clocks by days, optionally in a new process: `clocks(1, 1, start=True)` -> trusted days."""
    now = {"system": 1e9, "uptime": 0.0}
    monkeypatch.setattr(time, "time", lambda: now["system"])
    monkeypatch.setattr(time, "monotonic", lambda: now["uptime"])
    monkeypatch.setattr(clock, "_last_readings", {})

    def move(system: float = 0.0, uptime: float = 0.0, start: bool = False) -> float:
        now["system"] += system * DAY
        now["uptime"] += uptime * DAY
        if start:
            clock._last_readings.clear()
        return (clock.update_trusted_time(tmp_path / "clock") - 1e9) / DAY

    return move


def test_a_steady_system_clock_is_followed(clocks):
    assert [clocks(), clocks(1, 1), clocks(30, 30), clocks(-0.5, 0.1)] == pytest.approx([0, 1, 31, 30.5])
    assert clocks(0.9, start=True) == pytest.approx(31.4), "switched off over night"


def test_a_clock_that_jumps_ahead_is_not_trusted_after_any_number_of_starts(clocks):
    clocks()
    assert clocks(100) == pytest.approx(0)
    assert [clocks(start=True) for _ in range(200)] == pytest.approx([0] * 200)
    assert clocks(10, 10) == pytest.approx(20), "twice as fast as it runs"
    assert clocks(-105, 0) == pytest.approx(5), "corrected"


def test_it_catches_up_after_a_long_shutdown(clocks):
    clocks()
    assert clocks(30, start=True) == pytest.approx(0)
    assert [clocks(1, 1) for _ in range(31)][-1] == pytest.approx(61)


@pytest.mark.parametrize("damage", ["nan", "-inf", "no number"])
def test_a_damaged_time_is_ignored(tmp_path, damage):
    file = tmp_path / "clock"
    file.write_text(damage)
    assert 0 < clock.update_trusted_time(file) <= time.time()
