"""Sweeps: cells run in the job queue, and canceling preserves finished cells."""

from __future__ import annotations

import pytest
from worker_kills import kill

from studio.core import recipes
from studio.core.models import presets
from studio.gallery.sweep_settings import SweepSettings

pytestmark = pytest.mark.slow


@pytest.fixture
def submit_sweep(engine, chores):
    """Submits a sweep over the shade of a chore."""

    def submit(*shades, weights=None, **settings):
        vary = (f"shade={'|'.join(map(str, shades))}",)
        base = chores.ChoreSettings(**settings).model_dump(mode="json")
        plan = SweepSettings(task="chores.do", base=base, vary=vary)
        chores.get_mark().unlink(missing_ok=True)
        return engine.submit("chores.sweep", plan, {}, weights=weights)

    return submit


def test_cells_run_in_the_job_lane(submit_sweep, wait_for_job):
    job = wait_for_job(submit_sweep(10, 200, 90, steps=2))
    assert job.state == "done", job.error
    shades = [recipes.read(file.read()).settings["shade"] for file in job.result.files[1:]]
    assert shades == [10, 200, 90]
    assert job.preview


def test_replayed_cells_use_the_weights_of_the_recipe(submit_sweep, wait_for_job):
    pinned = {"alice": presets.find("alice").digest}
    job = wait_for_job(submit_sweep(10, 20, steps=2, weights=pinned))
    assert job.result.recipe.weights == pinned
    assert [cell["recipe"]["weights"] for cell in job.result.figures["cells"]] == [pinned, pinned]


def test_sweep_does_not_block_itself_or_jobs(engine, submit_sweep, queue_chore, wait_for_job):
    first, second, other = (
        submit_sweep(1, 2, pause=0.05),
        submit_sweep(3, 4, pause=0.05),
        queue_chore(steps=2),
    )
    assert {wait_for_job(job).state for job in (first, second, other)} == {"done"}


def test_stopped_sweep_keeps_finished_cells(engine, submit_sweep, wait_for_job, until):
    job = submit_sweep(*range(8), steps=10, pause=0.05)
    until(lambda: engine.find_job(job.id).report and engine.find_job(job.id).report.step >= 2)
    engine.stop(job.id)
    ended = wait_for_job(job)
    assert ended.state == "stopped" and ended.result.stopped_early
    assert 2 <= len(ended.result.files) - 1 < 8


@pytest.mark.slow
def test_cancelled_sweep_keeps_nothing_and_frees_its_lanes(
    engine, submit_sweep, queue_chore, wait_for_job, until
):
    job = submit_sweep(1, 2, steps=100_000, pause=0.01)
    until(lambda: _find_keys(engine, "subtask"))
    engine.cancel(job.id)
    ended = wait_for_job(job)
    assert (ended.state, ended.result) == ("cancelled", None)
    until(lambda: not _find_keys(engine, "subtask"))
    assert wait_for_job(queue_chore()).state == "done"


def test_stopped_cell_is_labeled(engine, chores, submit_sweep, wait_for_job, until):
    job = submit_sweep(1, 2, steps=100_000, pause=0.01)
    until(chores.get_mark().exists)
    engine.stop(job.id)
    assert [cell["label"] for cell in wait_for_job(job).result.figures["cells"]] == ["shade 1, stopped early"]


def test_cell_of_a_dead_sweep_frees_the_lane(engine, submit_sweep, queue_chore, until, wait_for_job):
    job = submit_sweep(1, 2, steps=100_000, pause=0.01)
    first = until(lambda: _find_keys(engine, "subtask"))
    kill(engine, "drive")
    until(lambda: _find_keys(engine, "subtask") - first)
    kill(engine, "drive")
    assert "twice" in wait_for_job(job).error
    assert wait_for_job(queue_chore()).state == "done"


def test_small_jobs_of_the_owner_run_before_the_next_cell(
    engine, submit_sweep, queue_chore, until, wait_for_job
):
    varied = submit_sweep(1, 2, steps=30, pause=0.05)
    until(lambda: _find_keys(engine, "subtask"))
    small = [wait_for_job(job) for job in [queue_chore(takes=5, steps=8, pause=0.05) for _ in range(2)]]
    cells = wait_for_job(varied).result.files[1:]
    assert all(job.ended < cells[1].path.stat().st_mtime for job in small)


def test_job_behind_a_cell_can_be_cancelled(engine, chores, submit_sweep, queue_chore, until, wait_for_job):
    varied = submit_sweep(1, 2, steps=30, pause=0.05)
    until(chores.get_mark().exists)
    waiting = queue_chore()
    until(lambda: _find_keys(engine, waiting.id))
    assert engine.find_job(waiting.id).state == "queued" and engine.find_job(waiting.id).place == 1
    engine.cancel(waiting.id)
    assert "before it began" in engine.find_job(waiting.id).error
    job = wait_for_job(varied)
    assert job.state == "done" and len(job.result.files) == 3


def test_cell_behind_a_job_survives_a_killed_worker(engine, submit_sweep, queue_chore, until, wait_for_job):
    running = queue_chore(steps=60, pause=0.05)
    until(lambda: engine.find_job(running.id).report)
    varied = submit_sweep(1, 2, steps=3)
    until(lambda: _find_keys(engine, "subtask"))
    kill(engine, "job")
    job = wait_for_job(varied)
    assert job.state == "done" and len(job.result.files) == 3, job.error
    assert wait_for_job(running).state == "done"


def test_job_behind_crashing_cells_runs(engine, submit_sweep, queue_chore, until, wait_for_job):
    deadly = submit_sweep(*range(16), do="crash", steps=2, pause=0.2)
    until(lambda: _find_keys(engine, "subtask"))
    job = wait_for_job(queue_chore(steps=3))
    assert job.state == "done", job.error
    engine.cancel(deadly.id)
    assert wait_for_job(deadly).finished


def test_unresponsive_cell_frees_the_lane(engine, chores, submit_sweep, queue_chore, until, wait_for_job):
    hung = submit_sweep(1, 2, do="hang", steps=10_000, pause=0.02)
    until(chores.get_mark().exists)
    engine.stop(hung.id)
    waiting = queue_chore(steps=3)
    assert wait_for_job(hung).state == "cancelled"
    assert wait_for_job(waiting).state == "done"


def test_canceling_a_waiting_job_sends_the_next(
    engine, chores, submit_sweep, queue_chore, until, wait_for_job
):
    varied = submit_sweep(1, 2, steps=100_000, pause=0.01)
    until(chores.get_mark().exists)
    first, second = queue_chore(), queue_chore(steps=2)
    until(lambda: _find_keys(engine, first.id))
    engine.cancel(first.id)
    until(lambda: _find_keys(engine, second.id), 2)
    engine.cancel(varied.id)
    assert wait_for_job(second).state == "done" and wait_for_job(varied).finished


def _find_keys(engine, part: str) -> set[str]:
    """Returns the keys of tasks on workers that contain `part`."""
    return {key for keys in engine._cluster._client.processing().values() for key in keys if part in key}
