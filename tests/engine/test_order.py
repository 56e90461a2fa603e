"""Whose turn it is among the jobs that wait, and when: the rule, and what comes of it on a real cluster."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace

import pytest

from studio.engine.jobs.waiting import LONG_SECONDS, MOST_PASSES, SMALL_SECONDS, Waiting

SMALL, MIDDLING, LONG = SMALL_SECONDS - 1, 60.0, LONG_SECONDS + 1


@pytest.fixture
def line():
    """Makes a line of jobs that are expected to take so many seconds, each called after its letter."""
    created = count(1000)

    def line(**expected):
        waiting = Waiting()
        for id, seconds in expected.items():
            asked = {"created": next(created), "owner": "local"}
            record = SimpleNamespace(
                id=id, asked=asked, lane="job", expected=seconds, passed=0, turn=None, paused=False
            )
            waiting.enter(record)
        return waiting

    return line


def order(waiting):
    return "".join(record.id for record in waiting.in_turn("job"))


@pytest.mark.parametrize(
    "expected, turns",
    [
        ({"a": SMALL, "b": SMALL}, "ab"),
        ({"a": LONG, "b": SMALL, "c": SMALL}, "bca"),
        ({"a": LONG, "b": MIDDLING, "c": SMALL}, "abc"),  # who is not passed is passed by nobody
        ({"a": LONG, "b": LONG, "c": SMALL}, "cab"),
        ({"a": LONG, "b": None, "c": SMALL}, "abc"),  # nothing is known of b
        ({"a": LONG, "b": SMALL_SECONDS}, "ab"),
        ({"a": LONG_SECONDS, "b": SMALL}, "ab"),
        ({"a": LONG, "b": SMALL, "c": SMALL, "d": SMALL, "e": SMALL, "f": SMALL}, "bcdaef"),
    ],
)
def test_small_jobs_pass_long_ones_a_few_times(line, expected, turns):
    assert MOST_PASSES == 3
    assert order(line(**expected)) == turns


def test_who_was_passed_before_is_passed_no_more(line):
    waiting = line(a=LONG, b=SMALL, c=SMALL)
    next(iter(waiting)).passed = MOST_PASSES - 1
    assert order(waiting) == "bac"


def test_what_goes_before_says_when_the_turn_comes(line):
    waiting = line(a=LONG, b=SMALL, c=None, d=MIDDLING)
    turns = {record.id: waiting.turn(record) for record in waiting}
    assert [turns[id].place for id in "bacd"] == [1, 2, 3, 4]
    assert [turns[id].ahead for id in "bacd"] == [0, SMALL, SMALL + LONG, None]
    waiting.leave(next(record for record in waiting if record.id == "c"))
    assert waiting.turn(list(waiting)[-1]).ahead == SMALL + LONG


def test_a_small_job_passes_a_long_one_that_has_not_begun(engine, do, until, finished):
    running = do(steps=1000, pause=0.02, takes=50)
    until(lambda: engine.job(running.id).state == "running")
    long, small = do(takes=600), do(takes=5)
    assert [engine.job(job.id).place for job in (long, small)] == [2, 1]
    assert engine.job(long.id).starts_in == pytest.approx(engine.job(small.id).starts_in + 5, abs=2)
    engine.cancel(running.id)
    assert finished(small).started < finished(long).started
    assert engine.job(small.id).starts_in is None


def test_what_took_so_long_before_is_expected_again(engine, chores, do, finished):
    finished(do(steps=2, pause=0.1))
    assert 0 < do().expected < 60


def test_how_often_it_was_passed_outlives_the_server(home, chores):
    from studio.core import tasks
    from studio.engine.jobs.queue import Ledger

    ledger = Ledger(home / "jobs")
    ledger.load()
    long, small = (
        ledger.add(tasks.get("chores.do"), chores.ChoreSettings(), {}, "local", expected=seconds)
        for seconds in (LONG, SMALL)
    )
    ledger.begin(small)
    again = Ledger(home / "jobs")
    again.load()
    assert [(record.id, record.passed, record.expected) for record in again.queue] == [(long.id, 1, LONG)]
