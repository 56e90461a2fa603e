"""The order of queued jobs: the rule, and its effect on a real cluster."""

from __future__ import annotations

import threading
from functools import partial
from itertools import count

import pytest

from studio.core import paths, tasks
from studio.core.errors import InsufficientSpace, InvalidInput, Unavailable
from studio.engine.jobs import store
from studio.engine.jobs.job import Job
from studio.engine.jobs.ledger import Ledger
from studio.engine.jobs.queue import LONG_SECONDS, MAX_PASSES, SMALL_SECONDS, JobQueue
from studio.engine.jobs.records import Request, Status

SMALL, MIDDLING, LONG = SMALL_SECONDS - 1, 60.0, LONG_SECONDS + 1


@pytest.fixture
def make_queue():
    """Makes a queue of jobs with these expected seconds, named by letters: `make_queue(a=5, b=1)`."""
    created = count(1000)

    def line(**expected):
        waiting = JobQueue()
        for id, seconds in expected.items():
            fields = {"created": next(created), "owner": "local", "lane": "job", "expected": seconds}
            waiting.enter(Job.model_construct(id=id, **fields))
        return waiting

    return line


def format_order(waiting):
    return "".join(record.id for record in waiting.list_in_order("job"))


@pytest.mark.parametrize(
    "expected, turns",
    [
        ({"a": SMALL, "b": SMALL}, "ab"),
        ({"a": LONG, "b": SMALL, "c": SMALL}, "bca"),
        # A job that is not overtaken by one is overtaken by none.
        ({"a": LONG, "b": MIDDLING, "c": SMALL}, "abc"),
        ({"a": LONG, "b": LONG, "c": SMALL}, "cab"),
        ({"a": LONG, "b": None, "c": SMALL}, "abc"),  # the duration of b is unknown
        ({"a": LONG, "b": SMALL_SECONDS}, "ab"),
        ({"a": LONG_SECONDS, "b": SMALL}, "ab"),
        ({"a": LONG, "b": SMALL, "c": SMALL, "d": SMALL, "e": SMALL, "f": SMALL}, "bcdaef"),
    ],
)
def test_small_jobs_pass_long_ones_up_to_the_limit(make_queue, expected, turns):
    assert MAX_PASSES == 3
    assert format_order(make_queue(**expected)) == turns


def test_job_is_passed_up_to_the_limit(make_queue):
    waiting = make_queue(a=LONG, b=SMALL, c=SMALL)
    next(iter(waiting)).passed = MAX_PASSES - 1
    assert format_order(waiting) == "bac"


def test_turn_has_the_seconds_of_earlier_jobs(make_queue):
    waiting = make_queue(a=LONG, b=SMALL, c=None, d=MIDDLING)
    turns = {record.id: waiting.find_turn(record) for record in waiting}
    assert [turns[id].place for id in "bacd"] == [1, 2, 3, 4]
    assert [turns[id].ahead for id in "bacd"] == [0, SMALL, SMALL + LONG, None]
    waiting.leave(next(record for record in waiting if record.id == "c"))
    assert waiting.find_turn(list(waiting)[-1]).ahead == SMALL + LONG


@pytest.mark.slow
def test_small_job_passes_a_waiting_long_one(engine, queue_chore, until, wait_for_job):
    running = queue_chore(steps=1000, pause=0.02, takes=50)
    until(lambda: engine.find_job(running.id).state == "running")
    long, small = queue_chore(takes=600), queue_chore(takes=5)
    assert [engine.find_job(job.id).place for job in (long, small)] == [2, 1]
    assert engine.find_job(long.id).starts_in == pytest.approx(engine.find_job(small.id).starts_in + 5, abs=2)
    engine.cancel(running.id)
    assert wait_for_job(small).started < wait_for_job(long).started
    assert engine.find_job(small.id).starts_in is None


@pytest.mark.slow
def test_past_durations_are_the_estimate(engine, chores, queue_chore, wait_for_job):
    wait_for_job(queue_chore(steps=2, pause=0.1))
    assert 0 < queue_chore().expected < 60


def set_owner(waiting, owner):
    for record in waiting:
        record.owner = owner if record.id in "bdf" else "else"
    return {record.id: record for record in waiting}


@pytest.mark.parametrize(
    "id, to, turns",
    [("f", "front", "afcbed"), ("f", "up", "abcfed"), ("f", "d", "abcfed"), ("b", "up", "abcdef")],
)
def test_move_affects_only_jobs_of_the_owner(make_queue, id, to, turns):
    waiting = make_queue(**dict.fromkeys("abcdef"))
    changed = waiting.move(set_owner(waiting, "me")[id], to)
    assert format_order(waiting) == turns
    assert not {record.id for record in changed} & set("ace")


@pytest.mark.parametrize("to", ["a", "f", "nowhere", ""])
def test_move_rejects_jobs_of_others(make_queue, to):
    waiting = make_queue(**dict.fromkeys("abcdef"))
    with pytest.raises(InvalidInput, match="front, up"):
        waiting.move(set_owner(waiting, "me")["d"], to)
    assert format_order(waiting) == "abcdef"


def test_moved_job_is_not_passed(make_queue):
    waiting = make_queue(a=LONG, b=LONG, c=SMALL)
    records = set_owner(waiting, "else")
    waiting.move(records["b"], "up")
    assert format_order(waiting) == "cba"
    waiting.move(records["b"], "front")
    assert format_order(waiting) == "bca"


def set_batch(waiting, ids):
    for record in waiting:
        if record.id in ids:
            record.batch = "some"
    return {record.id: record for record in waiting}


def test_batch_counts_as_one_job(make_queue):
    waiting = make_queue(a=LONG, b=1, c=1, d=1, e=1, f=1)
    set_batch(waiting, "bcdef")
    assert format_order(waiting) == "bcdefa"
    waiting = make_queue(a=SMALL, b=SMALL, c=SMALL, d=SMALL, e=SMALL, f=SMALL)
    set_batch(waiting, "abcde")
    assert format_order(waiting) == "fabcde", "a batch of small jobs is long"


def test_batch_passes_a_job_once(home, chores):
    ledger = Ledger(home / "jobs")
    long, *small = (
        ledger.add(
            Request.of(tasks.get("chores.do"), chores.ChoreSettings(), {}, "me", expected=seconds, batch=name)
        )
        for seconds, name in ((LONG, ""), (1, "some"), (1, "some"), (1, ""))
    )
    for record in small:
        ledger.begin(record)
    assert long.passed == 2


def test_refilled_batch_does_not_pass_again(home, chores):
    ledger = Ledger(home / "jobs")
    ledger.load()
    request = partial(Request.of, tasks.get("chores.do"), chores.ChoreSettings(), {}, "me")

    def add(**more):
        return ledger.add(request(**more))

    long = add(expected=LONG)
    for _ in range(MAX_PASSES):
        small = [add(expected=1, batch="some") for _ in range(2)]
        for record in small:
            assert ledger.queue.list_in_order("job")[0] is record
            ledger.begin(record)
    add(expected=1, batch="some")
    assert ledger.queue.list_in_order("job")[0] is long


def test_failed_submission_of_a_batch_leaves_no_jobs(engine, chores, running_job, monkeypatch):
    older = engine.submit("chores.do", chores.ChoreSettings(), {}, batch="name")
    several = [(chores.ChoreSettings(shade=shade), {}) for shade in range(3)]
    before = {path.name for path in paths.ensure_folder("jobs").iterdir()}
    with monkeypatch.context() as patch:
        write = store.Folder.write
        calls = count()

        def patched(folder, name, values):
            if next(calls) == 3:  # in the middle of the second
                raise InsufficientSpace("full")
            write(folder, name, values)

        patch.setattr(store.Folder, "write", patched)
        with pytest.raises(InsufficientSpace):
            engine.submit_all("chores.do", several, "name", key="key")
    assert engine.find_batch("name").jobs == (older.id,) and engine.find_job(older.id).state == "queued"
    assert {path.name for path in paths.ensure_folder("jobs").iterdir()} == before
    reloaded = engine.submit_all("chores.do", several[:2], "name", key="key")
    assert [job.settings["shade"] for job in reloaded] == [0, 1]
    engine.cancel_batch("name")


def test_pausing_a_batch_does_not_block_others(engine, chores, running_job, monkeypatch):
    several = [(chores.ChoreSettings(shade=shade), {}) for shade in range(20)]
    jobs = engine.submit_all("chores.do", several, "many")
    write, answers, before = store.Folder.write, [], []
    asking = threading.Thread(target=lambda: answers.append(engine.find_job(running_job.id)))

    def writing(folder, name, values):
        if threading.current_thread() is pausing:  # it holds the lock
            before.append(len(answers))
            if len(before) == 1:
                asking.start()
        write(folder, name, values)

    monkeypatch.setattr(store.Folder, "write", writing)
    pausing = threading.Thread(target=engine.pause, args=[jobs[0].id])
    pausing.start()
    pausing.join()
    assert len(before) == len(jobs) and before[-1] == 1, "the answer came only after all were written"
    asking.join()
    assert all(store.Folder(paths.ensure_folder("jobs") / job.id).read(Status).paused for job in jobs)
    engine.cancel_batch("many")


def test_batch_moves_together(make_queue):
    waiting = make_queue(**dict.fromkeys("abcd"))
    records = set_batch(waiting, "cd")
    waiting.move(records["d"], "up")
    assert format_order(waiting) == "acdb"
    waiting.move(records["b"], "d")
    assert format_order(waiting) == "abcd"


def test_batch_is_counted_paused_and_ended_together(engine, chores, until, running_job):
    jobs = [engine.submit("chores.do", chores.ChoreSettings(), {}, batch="mine") for _ in range(3)]
    with pytest.raises(Unavailable):
        engine.find_batch("mine", "visitor-eve")
    engine.pause(jobs[1].id)
    assert all(engine.find_job(job.id).paused for job in jobs)
    engine.resume(jobs[0].id)
    assert [engine.find_job(job.id).place for job in jobs] == [1, 2, 3]
    engine.cancel_batch("mine")
    now = engine.find_batch("mine")
    assert (now.jobs, now.ended, now.failed) == (tuple(job.id for job in jobs), 3, 3)
    assert engine.find_job(running_job.id).state == "running"


@pytest.fixture
def running_job(engine, queue_chore, until):
    """A job that occupies the queue while others wait; canceled after the test."""
    running = queue_chore(steps=100_000, pause=0.02)
    until(lambda: engine.find_job(running.id).state == "running")
    yield running
    engine.cancel(running.id)
    until(lambda: engine.find_job(running.id).finished)


def test_paused_job_waits_until_it_is_resumed(engine, queue_chore, until, wait_for_job, running_job):
    first, second = queue_chore(), queue_chore()
    paused = engine.pause(first.id)
    assert (paused.paused, paused.place, paused.starts_in) == (True, 0, None)
    with pytest.raises(InvalidInput, match="Resume it"):
        engine.move(first.id, "front")
    engine.cancel(running_job.id)
    wait_for_job(second)
    assert engine.find_job(first.id).state == "queued"
    engine.resume(first.id)
    assert wait_for_job(first).state == "done"
    with pytest.raises(InvalidInput, match="no longer waits"):
        engine.pause(first.id)


def test_only_the_owner_moves_a_job(engine, queue_chore, running_job):
    job = queue_chore()
    for steer in (engine.pause, engine.resume, lambda id, owner: engine.move(id, "front", owner)):
        with pytest.raises(Unavailable):
            steer(job.id, owner="visitor-eve")
    engine.cancel(job.id)


def test_order_and_pauses_survive_a_restart(home, chores):
    ledger = Ledger(home / "jobs")
    ledger.load()
    a, b, c, d = (
        ledger.add(Request.of(tasks.get("chores.do"), chores.ChoreSettings(), {}, owner))
        for owner in ("me", "else", "me", "me")
    )
    ledger.pause(a, True)
    ledger.move(d, "front")
    reloaded = Ledger(home / "jobs")
    reloaded.load()
    assert [record.id for record in reloaded.queue] == [a.id, b.id, d.id, c.id]
    assert [record.id for record in reloaded.queue.list_in_order("job")] == [b.id, d.id, c.id]
    assert reloaded.take_snapshot(reloaded.get(a.id)).paused


def test_passed_count_survives_a_restart(home, chores):
    ledger = Ledger(home / "jobs")
    ledger.load()
    long, small = (
        ledger.add(Request.of(tasks.get("chores.do"), chores.ChoreSettings(), {}, "local", expected=seconds))
        for seconds in (LONG, SMALL)
    )
    ledger.begin(small)
    reloaded = Ledger(home / "jobs")
    reloaded.load()
    assert [(record.id, record.passed, record.expected) for record in reloaded.queue] == [(long.id, 1, LONG)]


def test_submit_all_queues_all_or_none(engine, chores, until):
    several = [(chores.ChoreSettings(shade=shade), {}) for shade in (1, 2)]
    jobs = engine.submit_all("chores.do", several, "all", key="again")
    assert [job.settings["shade"] for job in jobs] == [1, 2] and {job.batch for job in jobs} == {"all"}
    same = engine.submit_all("chores.do", several, "all", key="again")
    assert [job.id for job in same] == [job.id for job in jobs]
    until(lambda: engine.find_batch("all").ended == 2)
    there = engine.list_jobs(limit=100)
    with pytest.raises(InvalidInput):
        engine.submit_all("chores.do", [*several, (chores.ChoreSettings(do="refuse"), {"none": []})], "bad")
    assert [job.id for job in engine.list_jobs(limit=100)] == [job.id for job in there]
