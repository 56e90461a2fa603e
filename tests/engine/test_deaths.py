"""When a worker dies, its job says why, and the next job runs."""

from __future__ import annotations

import os

import pytest
from worker_kills import kill, list_pids

from studio.core import tasks
from studio.core.errors import StudioError
from studio.engine import Engine, runner
from studio.engine.cluster import worker

pytestmark = pytest.mark.slow


def test_job_that_kills_its_worker_fails_alone(engine, queue_chore, wait_for_job):
    poison, next_one = queue_chore(do="crash"), queue_chore()
    job = wait_for_job(poison)
    assert job.state == "failed" and "crashed" in job.error and "twice" in job.error
    assert job.preview and [point["step"] for point in job.history] == [1, 2, 3]
    assert wait_for_job(next_one).state == "done"


def test_job_of_a_killed_worker_runs_again_and_an_ended_one_does_not(
    engine, queue_chore, until, wait_for_job, chores
):
    """Dask recomputes the results of a dead worker, and holds canceled jobs for a while."""
    job = queue_chore(steps=100_000, pause=0.01)
    until(lambda: engine.find_job(job.id).report)
    engine.stop(job.id)
    job = wait_for_job(job)
    assert job.result.stopped_early
    next_one = queue_chore(steps=40, pause=0.05)
    until(lambda: engine.find_job(next_one.id).report)
    kill(engine, "job")
    rerun = wait_for_job(next_one)
    assert rerun.state == "done"
    assert [point["step"] for point in rerun.history] == list(range(1, 41))
    lost = worker.run_job, job.id, "job", chores.TASKS["chores.do"]
    engine._cluster.submit("job", f"again-{job.id}", *lost).result(10)  # as if its end was not noticed
    assert engine.find_job(job.id) == job


def test_job_beyond_its_memory_reports_it(engine, queue_chore, wait_for_job):
    greedy, next_one = queue_chore(do="fill"), queue_chore()
    job = wait_for_job(greedy)
    assert job.state == "failed" and "memory" in job.error
    assert wait_for_job(next_one).state == "done"


KERAS_STUB = """
import os, pathlib
pathlib.Path({folder!r}, str(os.getpid())).touch()
__version__ = "of the tests"
class backend:
    backend = staticmethod(lambda: "none")
"""


def test_restarted_drive_lane_loads_no_keras(home, chores, until, tmp_path, monkeypatch):
    (tmp_path / "keras.py").write_text(KERAS_STUB.format(folder=str(tmp_path / "loaded")))
    (tmp_path / "loaded").mkdir()
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}")
    for name in tasks.TASKS.keys() - chores.TASKS.keys():  # its weights would be prepared
        monkeypatch.delitem(tasks.TASKS, name)
    engine = Engine(memory={"job": 450e6, "live": 450e6, "drive": 450e6})
    try:
        job = engine.submit("chores.drive", chores.ChoreSettings(steps=40, pause=0.05), {})
        until(lambda: engine.find_job(job.id).report)
        kill(engine, "drive")
        until(lambda: engine.find_job(job.id).finished)
        with pytest.raises(StudioError, match="crashed"):
            engine.run_live("chores.do", chores.ChoreSettings(do="crash"), {}, "me")
        until(lambda: len(list((tmp_path / "loaded").iterdir())) >= 3)
        [drive] = list_pids(engine, "drive")
        assert not (tmp_path / "loaded" / str(drive)).exists()
    finally:
        engine.close()


WAITING_MODULE = """
import pathlib, time
pathlib.Path({folder!r}, "asked").touch()
while not pathlib.Path({folder!r}, "go").exists():
    time.sleep(0.05)
"""


def test_live_requests_run_while_keras_loads(chores, start_engine, until, home, tmp_path, monkeypatch):
    (tmp_path / "keras.py").write_text(
        WAITING_MODULE.format(folder=str(tmp_path)) + KERAS_STUB.format(folder=str(tmp_path))
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}")
    engine = start_engine()
    try:
        until(lambda: engine.status() == "ready")
        warming = engine._cluster.submit("live", "warm", worker.warm_up_keras, {}, "live")
        until((tmp_path / "asked").exists)
        assert engine.run_live("chores.do", chores.ChoreSettings(), {}, "me").figures == {"steps": 5.0}
        [live] = list_pids(engine, "live")
        assert not (tmp_path / str(live)).exists()
        (tmp_path / "go").touch()
        until(lambda: warming.done() and (tmp_path / str(live)).exists())
    finally:
        engine.close()


def test_slow_job_gets_several_steps_to_stop(engine, queue_chore, until, wait_for_job, monkeypatch):
    monkeypatch.setattr(runner, "STOP_SECONDS", 0.05)
    job = queue_chore(steps=1000, pause=0.5)
    until(lambda: (report := engine.find_job(job.id).report) and report.step > 1)
    engine.stop(job.id)
    job = wait_for_job(job)
    assert job.state == "stopped" and job.result.stopped_early


def test_process_of_an_unresponsive_job_is_ended_even_if_its_restart_fails(
    engine, queue_chore, until, wait_for_job, monkeypatch, caplog
):
    end = engine._cluster.restart_worker

    def restart_worker(lane, future):
        end(lane, future)
        raise KeyError("its worker had gone by itself")

    monkeypatch.setattr(runner, "STOP_SECONDS", 0.5)
    monkeypatch.setattr(engine._cluster, "restart_worker", restart_worker)
    job = queue_chore(do="hang", steps=10_000, pause=0.02)
    until(lambda: engine.find_job(job.id).report)
    next_one = queue_chore()
    engine.stop(job.id)
    assert engine.find_job(job.id).state == "stopping"
    job = wait_for_job(job)
    assert job.state == "interrupted" and "did not stop" in job.error
    assert job.preview
    assert wait_for_job(next_one).state == "done"
    assert "could not be ended" in caplog.text


def test_live_request_beyond_its_memory_leaves_the_lane_usable(engine, chores):
    with pytest.raises(StudioError, match="memory"):
        engine.run_live("chores.do", chores.ChoreSettings(do="fill"), {}, "me")
    assert engine.run_live("chores.do", chores.ChoreSettings(), {}, "me").data
