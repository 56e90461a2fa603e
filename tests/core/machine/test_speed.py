"""The benchmarks that measure the speed of this machine."""

import pytest

from studio.core import paths, tasks
from studio.core.errors import Cancelled
from studio.core.machine import speed
from studio.core.progress import Progress


def test_every_benchmark_has_valid_settings():
    for benchmark in speed.BENCHMARKS:
        task = tasks.get(benchmark.task)
        task.settings.parse(benchmark.settings)
        assert benchmark.slot in ("", task.inputs[0].name)


@pytest.mark.slow
def test_benchmarks_with_missing_weights_are_skipped_and_nothing_is_stored(home, monkeypatch):
    titles = ("a house style, 512 px", "what a photo shows")
    monkeypatch.setattr(
        speed, "BENCHMARKS", [benchmark for benchmark in speed.BENCHMARKS if benchmark.title in titles]
    )
    style, labels = speed.run_benchmarks()
    assert style.seconds is not None and style.note == ""
    assert labels.seconds is None and "studio weights pull resnet50 imagenet-labels" in labels.note
    assert not list(paths.ensure_folder("files").iterdir())


def test_the_result_is_the_median_of_runs_after_the_first(home, monkeypatch):
    now, durations = [0.0], iter([90.0, 1.0, 7.0, 2.0])
    monkeypatch.setattr(speed.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(tasks, "run", lambda *_: now.append(now.pop() + next(durations)))
    monkeypatch.setattr(speed, "BENCHMARKS", speed.BENCHMARKS[:1])
    assert [benchmark.seconds for benchmark in speed.run_benchmarks()] == [2.0]
    assert next(durations, None) is None


def test_measuring_can_be_canceled_between_benchmarks(home, monkeypatch):
    with pytest.raises(Cancelled):
        list(speed.run_benchmarks(Progress(cancelled=lambda: True)))
