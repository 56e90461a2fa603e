"""When a worker dies, its job says why, and the next job runs."""

from __future__ import annotations

import os

import pytest
from deaths import kill, pids

from studio.core import tasks
from studio.core.errors import StudioError
from studio.engine import Engine, runner
from studio.engine.cluster import worker

pytestmark = pytest.mark.slow


def test_a_job_that_kills_its_worker_fails_alone(engine, do, finished):
    poison, next_one = do(do="crash"), do()
    job = finished(poison)
    assert job.state == "failed" and "crashed" in job.error and "twice" in job.error
    assert job.preview and [point["step"] for point in job.history] == [1, 2, 3]
    assert finished(next_one).state == "done"


def test_a_job_whose_worker_is_killed_once_is_run_again(engine, do, until, finished):
    job = do(steps=40, pause=0.05)
    until(lambda: engine.job(job.id).report)
    kill(engine, "job")
    job = finished(job)
    assert job.state == "done"
    assert [point["step"] for point in job.history] == list(range(1, 41))


def test_what_has_ended_is_not_done_again_when_its_worker_is_killed(engine, do, until, finished, chores):
    """Dask recomputes the results of a dead worker, and holds canceled jobs for a while."""
    job = do(steps=100_000, pause=0.01)
    until(lambda: engine.job(job.id).report)
    engine.stop(job.id)
    job = finished(job)
    assert job.result.stopped_early
    next_one = do(steps=40, pause=0.05)
    until(lambda: engine.job(next_one.id).report)
    kill(engine, "job")
    assert finished(next_one).state == "done"
    lost = worker.run_job, job.id, "job", chores.TASKS["chores.do"]
    engine._cluster.submit("job", f"again-{job.id}", *lost).result(10)  # as if its end was not noticed
    assert engine.job(job.id) == job


def test_a_job_that_eats_all_memory_says_so(engine, do, finished):
    greedy, next_one = do(do="fill"), do()
    job = finished(greedy)
    assert job.state == "failed" and "memory" in job.error
    assert finished(next_one).state == "done"


KERAS = """
import os, pathlib
pathlib.Path({folder!r}, str(os.getpid())).touch()
__version__ = "of the tests"
class backend:
    backend = staticmethod(lambda: "none")
"""


def test_a_drive_lane_that_was_killed_loads_no_keras(home, chores, until, tmp_path, monkeypatch):
    (tmp_path / "keras.py").write_text(KERAS.format(folder=str(tmp_path / "loaded")))
    (tmp_path / "loaded").mkdir()
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}")
    for name in tasks.TASKS.keys() - chores.TASKS.keys():  # its weights would be prepared
        monkeypatch.delitem(tasks.TASKS, name)
    engine = Engine(memory={"job": 450e6, "live": 450e6, "drive": 450e6})
    try:
        job = engine.submit("chores.drive", chores.ChoreSettings(steps=40, pause=0.05), {})
        until(lambda: engine.job(job.id).report)
        kill(engine, "drive")
        until(lambda: engine.job(job.id).finished)
        with pytest.raises(StudioError):
            engine.live("chores.do", chores.ChoreSettings(do="crash"), {}, "me")
        until(lambda: len(list((tmp_path / "loaded").iterdir())) >= 3)
        [drive] = pids(engine, "drive")
        assert not (tmp_path / "loaded" / str(drive)).exists()
    finally:
        engine.close()


WAITS = """
import pathlib, time
pathlib.Path({folder!r}, "asked").touch()
while not pathlib.Path({folder!r}, "go").exists():
    time.sleep(0.05)
"""


def test_live_requests_are_answered_while_keras_is_loaded(chores, start, until, home, tmp_path, monkeypatch):
    (tmp_path / "keras.py").write_text(
        WAITS.format(folder=str(tmp_path)) + KERAS.format(folder=str(tmp_path))
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}")
    engine = start()
    try:
        until(lambda: engine.status() == "ready")
        warming = engine._cluster.submit("live", "warm", worker.warm_up_keras, {}, "live")
        until((tmp_path / "asked").exists)
        assert engine.live("chores.do", chores.ChoreSettings(), {}, "me").figures == {"steps": 5.0}
        [live] = pids(engine, "live")
        assert not (tmp_path / str(live)).exists()
        (tmp_path / "go").touch()
        until(lambda: warming.done() and (tmp_path / str(live)).exists())
    finally:
        engine.close()


def test_a_job_that_does_not_stop_loses_its_process(engine, do, until, finished, monkeypatch):
    monkeypatch.setattr(runner, "STOP_SECONDS", 0.5)
    job = do(do="hang", steps=10_000, pause=0.02)
    until(lambda: engine.job(job.id).report)
    next_one = do()
    engine.stop(job.id)
    assert engine.job(job.id).state == "stopping"
    job = finished(job)
    assert job.state == "interrupted" and "did not stop" in job.error
    assert job.preview
    assert finished(next_one).state == "done"


def test_a_job_of_slow_steps_has_the_time_of_some_to_stop(engine, do, until, finished, monkeypatch):
    monkeypatch.setattr(runner, "STOP_SECONDS", 0.05)
    job = do(steps=1000, pause=0.5)
    until(lambda: (report := engine.job(job.id).report) and report.step > 1)
    engine.stop(job.id)
    job = finished(job)
    assert job.state == "stopped" and job.result.stopped_early


def test_a_process_that_cannot_be_ended_holds_up_nobody(engine, do, until, finished, monkeypatch, caplog):
    end = engine._cluster.restart

    def restart(lane, future):
        end(lane, future)
        raise KeyError("its worker had gone by itself")

    monkeypatch.setattr(runner, "STOP_SECONDS", 0.5)
    monkeypatch.setattr(engine._cluster, "restart", restart)
    job = do(do="hang", steps=10_000, pause=0.02)
    until(lambda: engine.job(job.id).report)
    next_one = do()
    engine.stop(job.id)
    assert finished(job).state == "interrupted"
    assert finished(next_one).state == "done"
    assert "could not be ended" in caplog.text


def test_a_live_request_that_dies_leaves_the_lane_in_order(engine, chores):
    with pytest.raises(StudioError, match="crashed"):
        engine.live("chores.do", chores.ChoreSettings(do="crash"), {}, "me")
    with pytest.raises(StudioError, match="memory"):
        engine.live("chores.do", chores.ChoreSettings(do="fill"), {}, "me")
    assert engine.live("chores.do", chores.ChoreSettings(), {}, "me").data
