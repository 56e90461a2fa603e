"""Pages poll a job as often as it progresses."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st

from pages.jobs import speed
from studio.core.progress import Report


@pytest.fixture
def look(monkeypatch):
    """Polls a job with these seconds per step; None before the first step."""
    monkeypatch.setattr(st, "session_state", {})

    def look(each: float | None, name: str = "a") -> float:
        done = 0 if each is None else 10
        report = Report(step=done, total=100, seconds=(each or 0.0) * done)
        return speed.every(SimpleNamespace(id=name, report=report))

    return look


def test_it_looks_twice_a_second_while_nothing_is_known_and_where_steps_are_quick(look):
    assert speed.every(SimpleNamespace(id="b", report=None)) == 0.5
    assert look(None) == look(0.01) == look(0.9) == 0.5


def test_it_looks_less_often_where_steps_are_slow_and_again_as_often_once_they_are_not(look):
    assert [look(4.0) for _ in range(4)] == [1.0, 2.0, 2.0, 2.0]
    assert look(4.0, "another") == 1.0, "each job has its own"
    assert [look(0.3) for _ in range(3)] == [1.0, 0.5, 0.5]


def test_about_a_boundary_it_stays_as_it_was(look):
    assert [look(each) for each in (0.98, 1.05, 1.2, 1.05, 0.98, 0.95)] == [0.5, 0.5, 1.0, 1.0, 1.0, 1.0]
