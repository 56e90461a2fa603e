"""With a full disk, requests fail with a message, and running jobs continue."""

from __future__ import annotations

import pytest

from studio.core import paths, tasks
from studio.engine.jobs import store
from studio.engine.jobs.job import Live
from studio.engine.jobs.ledger import Ledger
from studio.engine.jobs.parts import Request, Status


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
    paths.home()
    empty = Ledger(home / "jobs")
    empty.load()
    return empty


def _nothing_left(ledger, home) -> bool:
    again = Ledger(home / "jobs")
    again.load()
    return not (ledger.queue or again.queue or again.newest("local", 20) or list((home / "jobs").iterdir()))


@pytest.mark.parametrize("room", [0, 1])
def test_a_job_that_could_not_be_written_is_none(home, ledger, disk, chores, room):
    disk.room = room
    with pytest.raises(paths.InsufficientSpace):
        ledger.add(Request.of(tasks.get("chores.do"), chores.ChoreSettings(), {}, "local"))
    assert _nothing_left(ledger, home)


@pytest.mark.parametrize("room", range(5))
def test_a_live_result_that_could_not_be_kept_is_no_job(home, ledger, disk, chores, room):
    live = Live("chores.do", chores.ChoreSettings(), {}, b"text", "text", "a.txt", {}, None, 1.0)
    disk.room = room
    with pytest.raises(paths.InsufficientSpace):
        ledger.add_finished(live, "local")
    assert _nothing_left(ledger, home)


def test_a_live_result_for_which_there_is_room_is_a_job_also_after_a_restart(home, ledger, disk, chores):
    live = Live("chores.do", chores.ChoreSettings(), {}, b"text", "text", "a.txt", {}, None, 1.0)
    disk.room = 5  # the file, its thumbnail, job.json, outcome.json and state.json
    record = ledger.add_finished(live, "local")
    assert ledger.copy(record).state == "done"
    again = Ledger(home / "jobs")
    again.load()
    assert not again.queue
    assert again.copy(again.find(record.id, "local")).result.files[0].read() == b"text"


@pytest.mark.slow
def test_a_job_that_cannot_begin_fails_alone(engine, do, finished, disk):
    disk.room = 2  # job.json and its first state.json
    job = do()
    assert job.state == "failed" and "space" in job.error
    engine.cancel(job.id)
    disk.room = 1_000_000
    assert finished(do()).state == "done"
    assert store.Folder(paths.folder("jobs") / job.id).read(Status).state == "failed"
    assert engine.status() == "ready"


@pytest.mark.slow
def test_a_running_job_is_stopped_and_ends_on_a_full_disk(engine, do, finished, disk, until):
    job = do(steps=10_000, pause=0.02)
    until(lambda: engine.job(job.id).report)
    disk.room = 0
    engine.stop(job.id)
    job = finished(job)
    assert job.state == "stopped" and job.result.stopped_early
    disk.room = 1_000_000
    assert finished(do()).state == "done"
