"""Pages poll a job as often as it progresses."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st

from pages.jobs import polling
from studio.core.progress import Report


@pytest.fixture
def poll(monkeypatch):
    """Polls a job with these seconds per step, None before the first step, after some steps."""
    monkeypatch.setattr(st, "session_state", {})

    def poll(seconds: float | None, name: str = "a", steps: int = 2) -> float:
        step = 0 if seconds is None else steps
        report = Report(step=step, total=100, seconds=(seconds or 0.0) * step)
        return polling.update_interval(SimpleNamespace(id=name, report=report))

    return poll


def test_interval_is_short_for_unknown_or_fast_steps(poll):
    assert polling.update_interval(SimpleNamespace(id="b", report=None)) == 0.5
    assert poll(None) == poll(0.01) == poll(0.9) == 0.5


def test_interval_grows_with_slow_steps_and_shrinks_again(poll):
    assert [poll(4.0) for _ in range(4)] == [1.0, 2.0, 2.0, 2.0]
    assert poll(4.0, "another") == 1.0, "each job has its own"
    assert [poll(0.3) for _ in range(3)] == [1.0, 0.5, 0.5]


def test_a_long_job_is_polled_at_most_once_a_second(poll):
    assert [poll(0.01, steps=steps) for steps in (10, 399, 401, 500)] == [0.5, 0.5, 1.0, 1.0]


def test_interval_is_stable_near_a_limit(poll):
    assert [poll(seconds) for seconds in (0.98, 1.05, 1.2, 1.05, 0.98, 0.95)] == [
        0.5,
        0.5,
        1.0,
        1.0,
        1.0,
        1.0,
    ]
