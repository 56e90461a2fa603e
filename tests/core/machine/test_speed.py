"""The benchmarks that measure the speed of this machine."""

import pytest

from studio.core import paths, tasks
from studio.core.errors import Cancelled
from studio.core.machine import speed
from studio.core.progress import Progress


def test_every_timing_is_a_job_that_its_task_takes():
    for timing in speed.TIMINGS:
        task = tasks.get(timing.task)
        task.settings.parse(timing.settings)
        assert timing.slot in ("", task.inputs[0].name)


@pytest.mark.slow
def test_what_would_have_to_be_fetched_is_passed_over_and_nothing_is_kept(home, monkeypatch):
    titles = ("a house style, 512 px", "what a photo shows")
    monkeypatch.setattr(speed, "TIMINGS", [timing for timing in speed.TIMINGS if timing.title in titles])
    painted, labels = speed.measure()
    assert painted.seconds is not None and painted.note == ""
    assert labels.seconds is None and "studio weights pull resnet50 imagenet-labels" in labels.note
    assert not list(paths.folder("files").iterdir())


def test_a_figure_is_the_median_of_runs_after_the_first(home, monkeypatch):
    now, takes = [0.0], iter([90.0, 1.0, 7.0, 2.0])
    monkeypatch.setattr(speed.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(tasks, "run", lambda *_: now.append(now.pop() + next(takes)))
    monkeypatch.setattr(speed, "TIMINGS", speed.TIMINGS[:1])
    assert [timing.seconds for timing in speed.measure()] == [2.0]
    assert next(takes, None) is None


def test_it_stops_between_two_timings(home, monkeypatch):
    with pytest.raises(Cancelled):
        list(speed.measure(Progress(cancelled=lambda: True)))
