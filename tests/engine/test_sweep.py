"""Sweeps: cells run in the job queue, and canceling preserves finished cells."""

from __future__ import annotations

import time

import pytest
from deaths import kill

from studio.core import recipes
from studio.core.models import presets
from studio.gallery.sweep_settings import SweepSettings

pytestmark = pytest.mark.slow


@pytest.fixture
def sweep(engine, chores):
    """Submits a sweep over the shade of a chore."""

    def submit(*shades, weights=None, **settings):
        vary = (f"shade={'|'.join(map(str, shades))}",)
        base = chores.ChoreSettings(**settings).model_dump(mode="json")
        plan = SweepSettings(task="chores.do", base=base, vary=vary)
        return engine.submit("chores.sweep", plan, {}, weights=weights)

    return submit


def test_each_cell_is_made_in_the_job_lane(sweep, finished):
    job = finished(sweep(10, 200, 90, steps=2))
    assert job.state == "done", job.error
    shades = [recipes.read(file.read()).settings["shade"] for file in job.result.files[1:]]
    assert shades == [10, 200, 90]
    assert job.preview


def test_made_again_each_cell_is_made_with_the_very_weights(sweep, finished):
    pinned = {"alice": presets.find("alice").digest}
    job = finished(sweep(10, 20, steps=2, weights=pinned))
    assert job.result.recipe.weights == pinned
    assert [cell["recipe"]["weights"] for cell in job.result.figures["cells"]] == [pinned, pinned]


def test_a_sweep_does_not_stand_in_the_way_of_itself_or_of_jobs(engine, sweep, do, finished):
    first, second, other = sweep(1, 2, pause=0.05), sweep(3, 4, pause=0.05), do(steps=2)
    assert {finished(job).state for job in (first, second, other)} == {"done"}


def test_a_stopped_sweep_keeps_the_cells_that_are_there(engine, sweep, finished, until):
    job = sweep(*range(8), steps=10, pause=0.05)
    until(lambda: engine.job(job.id).report and engine.job(job.id).report.step >= 2)
    engine.stop(job.id)
    ended = finished(job)
    assert ended.state == "stopped" and ended.result.stopped_early
    assert 2 <= len(ended.result.files) - 1 < 8


@pytest.mark.slow
def test_a_cancelled_sweep_keeps_nothing_and_leaves_its_lanes(engine, sweep, do, finished, until):
    job = sweep(1, 2, steps=100_000, pause=0.01)
    until(lambda: _keys(engine, "crew"))
    engine.cancel(job.id)
    ended = finished(job)
    assert (ended.state, ended.result) == ("cancelled", None)
    until(lambda: not _keys(engine, "crew"))
    assert finished(do()).state == "done"


def test_a_cell_that_was_stopped_half_way_says_so(engine, sweep, finished, until):
    job = sweep(1, 2, steps=100_000, pause=0.01)
    until(lambda: _keys(engine, "crew"))
    time.sleep(1)
    engine.stop(job.id)
    assert [cell["label"] for cell in finished(job).result.figures["cells"]] == ["shade 1, stopped early"]


def test_a_cell_whose_sweep_has_died_leaves_the_lane(engine, sweep, do, until, finished):
    job = sweep(1, 2, steps=100_000, pause=0.01)
    first = until(lambda: _keys(engine, "crew"))
    kill(engine, "drive")
    until(lambda: _keys(engine, "crew") - first)
    kill(engine, "drive")
    assert "twice" in finished(job).error
    assert finished(do()).state == "done"


def test_small_jobs_of_the_same_owner_all_go_before_the_next_cell(engine, sweep, do, until, finished):
    varied = sweep(1, 2, 3, steps=30, pause=0.05)
    until(lambda: _keys(engine, "crew"))
    small = [finished(job) for job in [do(takes=5, steps=8, pause=0.05) for _ in range(3)]]
    cells = finished(varied).result.files[1:]
    assert all(job.ended < cells[1].path.stat().st_mtime for job in small)


def test_a_job_behind_a_cell_waits_and_can_be_cancelled_alone(engine, sweep, do, until, finished):
    varied = sweep(1, 2, steps=60, pause=0.05)
    until(lambda: _keys(engine, "crew"))
    time.sleep(1)  # the first cell has begun
    waiting = do()
    until(lambda: _keys(engine, waiting.id))
    assert engine.job(waiting.id).state == "queued" and engine.job(waiting.id).place == 1
    engine.cancel(waiting.id)
    assert "before it began" in engine.job(waiting.id).error
    job = finished(varied)
    assert job.state == "done" and len(job.result.files) == 3


def test_a_job_behind_a_cell_outlives_the_death_of_its_process(sweep, do, until, finished, engine):
    greedy = sweep(1, 2, do="fill", steps=60, pause=0.05)
    until(lambda: _keys(engine, "crew"))
    time.sleep(1)
    waiting = do(steps=3)
    until(lambda: _keys(engine, waiting.id))
    job = finished(waiting)
    assert job.state == "done", job.error
    assert finished(greedy).state == "failed"


def test_a_cell_behind_a_job_outlives_the_death_of_its_process(engine, sweep, do, until, finished):
    running = do(steps=60, pause=0.05)
    until(lambda: engine.job(running.id).report)
    varied = sweep(1, 2, steps=3)
    until(lambda: _keys(engine, "crew"))
    kill(engine, "job")
    job = finished(varied)
    assert job.state == "done" and len(job.result.files) == 3, job.error
    assert finished(running).state == "done"


def test_a_job_behind_cells_that_all_kill_their_process_has_its_turn(engine, sweep, do, until, finished):
    deadly = sweep(*range(16), do="crash", steps=2, pause=0.2)
    until(lambda: _keys(engine, "crew"))
    job = finished(do(steps=3))
    assert job.state == "done", job.error
    engine.cancel(deadly.id)
    assert finished(deadly).finished


def test_a_cell_that_does_not_stop_leaves_the_lane(engine, sweep, do, until, finished):
    hung = sweep(1, 2, do="hang", steps=10_000, pause=0.02)
    until(lambda: _keys(engine, "crew"))
    time.sleep(1)
    engine.stop(hung.id)
    waiting = do(steps=3)
    assert finished(hung).state == "cancelled"
    assert finished(waiting).state == "done"


def test_the_next_one_is_sent_when_one_that_waited_is_cancelled(engine, sweep, do, until, finished):
    varied = sweep(1, 2, steps=100_000, pause=0.01)
    until(lambda: _keys(engine, "crew"))
    time.sleep(1)
    first, second = do(), do(steps=2)
    until(lambda: _keys(engine, first.id))
    engine.cancel(first.id)
    until(lambda: _keys(engine, second.id), 2)
    engine.cancel(varied.id)
    assert finished(second).state == "done" and finished(varied).finished


def _keys(engine, part: str) -> set[str]:
    """Returns the keys of tasks on workers that contain `part`."""
    return {key for keys in engine._cluster._client.processing().values() for key in keys if part in key}
