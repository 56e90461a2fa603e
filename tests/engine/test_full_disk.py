"""With a full disk, requests fail with a message, and running jobs continue."""

from __future__ import annotations

import pytest

from studio.core import paths, tasks
from studio.engine.jobs import store
from studio.engine.jobs.job import Live
from studio.engine.jobs.ledger import Ledger
from studio.engine.jobs.records import Request, Status


@pytest.fixture
def disk(monkeypatch):
    """Limits the new files of this process: with `disk.room = 2` two more fit."""
    write = paths.write

    class Disk:
        room = 1_000_000

    def writing(path, data):
        Disk.room -= 1
        if Disk.room < 0:
            raise paths.InsufficientSpace("full")
        return write(path, data)

    monkeypatch.setattr(paths, "write", writing)
    return Disk


@pytest.fixture
def ledger(home, chores):
    """An empty ledger."""
    paths.ensure_home()
    empty = Ledger(home / "jobs")
    empty.load()
    return empty


def _is_empty(ledger, home) -> bool:
    reloaded = Ledger(home / "jobs")
    reloaded.load()
    return not (
        ledger.queue or reloaded.queue or reloaded.list_newest("local", 20) or list((home / "jobs").iterdir())
    )


@pytest.mark.parametrize("room", [0, 1])
def test_unwritten_job_is_not_queued(home, ledger, disk, chores, room):
    disk.room = room
    with pytest.raises(paths.InsufficientSpace):
        ledger.add(Request.of(tasks.get("chores.do"), chores.ChoreSettings(), {}, "local"))
    assert _is_empty(ledger, home)


@pytest.mark.parametrize("room", range(5))
def test_unwritten_live_result_is_no_job(home, ledger, disk, chores, room):
    live = Live("chores.do", chores.ChoreSettings(), {}, b"text", "text", "a.txt", {}, None, 1.0)
    disk.room = room
    with pytest.raises(paths.InsufficientSpace):
        ledger.add_finished(live, "local")
    assert _is_empty(ledger, home)


def test_stored_live_result_survives_a_restart(home, ledger, disk, chores):
    live = Live("chores.do", chores.ChoreSettings(), {}, b"text", "text", "a.txt", {}, None, 1.0)
    disk.room = 5  # the file, its thumbnail, job.json, outcome.json and state.json
    record = ledger.add_finished(live, "local")
    assert ledger.take_snapshot(record).state == "done"
    reloaded = Ledger(home / "jobs")
    reloaded.load()
    assert not reloaded.queue
    assert reloaded.take_snapshot(reloaded.find(record.id, "local")).result.files[0].read() == b"text"


@pytest.mark.slow
def test_job_that_cannot_begin_fails_alone(engine, queue_chore, wait_for_job, disk):
    disk.room = 2  # job.json and its first state.json
    job = queue_chore()
    assert job.state == "failed" and "space" in job.error
    engine.cancel(job.id)
    disk.room = 1_000_000
    assert wait_for_job(queue_chore()).state == "done"
    assert store.Folder(paths.ensure_folder("jobs") / job.id).read(Status).state == "failed"
    assert engine.status() == "ready"


@pytest.mark.slow
def test_running_job_can_stop_on_a_full_disk(engine, queue_chore, wait_for_job, disk, until):
    job = queue_chore(steps=10_000, pause=0.02)
    until(lambda: engine.find_job(job.id).report)
    disk.room = 0
    engine.stop(job.id)
    job = wait_for_job(job)
    assert job.state == "stopped" and job.result.stopped_early
    disk.room = 1_000_000
    assert wait_for_job(queue_chore()).state == "done"
