"""A search in the engine: real training runs in other processes, which may be killed."""

from __future__ import annotations

import pytest
from waiting import wait_until
from worker_kills import kill

from studio.core.tasks import File
from studio.tune.settings import TuneSettings

FIXED = ("units=16", "embedding=8", "streams=2", "sequence=16")
VARIED = ("learning_rate=0.001:0.05",)

pytestmark = pytest.mark.slow


@pytest.fixture
def search(lanes):
    """Submits a search of real training runs and waits for its end, or for a condition."""
    text = File.store(b"the sea, the sea, and so it is. " * 40, "text", "sea.txt")

    def run(holds=None, epochs=2, **settings):
        options = {"train": "text", "vary": VARIED, "fixed": (*FIXED, f"epochs={epochs}"), "pruning": "none"}
        job = lanes.submit("tune.run", TuneSettings.parse(options | settings), {"text": [text]})
        wait_until(lambda: lanes.find_job(job.id).finished or (holds and holds(lanes.find_job(job.id))))
        return lanes.find_job(job.id)

    return run


@pytest.fixture
def wait_for_end(lanes):
    """Waits for the end of a job, and returns it."""

    def wait(job):
        wait_until(lambda: lanes.find_job(job.id).finished)
        return lanes.find_job(job.id)

    return wait


def has_trials(count):
    """Returns a condition: at least `count` trials have ended."""
    return lambda job: job.report is not None and job.report.step >= count


def test_trials_run_in_the_job_lane_and_report_progress(search):
    job = search(trials=3)
    assert job.state == "done", job.error
    assert job.result.figures["trials_ended"] == 3
    assert job.result.files[0].kind == "model" and job.result.files[0].read()
    assert (job.report.step, job.report.total) == (3, 3)
    assert job.report.metrics["best"] == pytest.approx(job.result.figures["best"])


def test_a_killed_trial_is_replaced(lanes, search, wait_for_end):
    # The trial must be running, because a queued one would only be sent again.
    job = search(lambda job: job.report and "trial 2" in job.report.metrics, seed=1, trials=3, epochs=12)
    assert not job.finished
    kill(lanes, "job")
    job = wait_for_end(job)
    assert job.state == "done", job.error
    assert (job.result.figures["trials_ended"], job.result.figures["failed"]) == (3, 1)


def test_a_stopped_search_ends_its_trial_and_keeps_the_best(lanes, search, wait_for_end):
    job = search(has_trials(2), seed=2, trials=500)
    assert not job.finished
    lanes.stop(job.id)
    job = wait_for_end(job)
    assert job.state == "stopped", job.error
    assert job.result.stopped_early
    assert 2 <= job.result.figures["trials_ended"] < 500
    assert job.result.files[0].read()


def test_a_killed_driver_resumes_without_losing_trials(lanes, search, wait_for_end):
    job = search(has_trials(1), seed=3, trials=4, epochs=8)
    assert not job.finished
    kill(lanes, "drive")
    job = wait_for_end(job)
    assert job.state == "done", job.error
    trials = job.result.figures["trials"]
    assert sum(trial["state"] == "done" for trial in trials) == 4
    assert sum(trial["state"] == "failed" for trial in trials) == 1
    assert len({trial["number"] for trial in trials}) == len(trials)
