"""In a studio for many nobody takes all: room on the disk and jobs at once are limited."""

from __future__ import annotations

import pytest

from studio.core import owners, paths
from studio.core.errors import InvalidInput, NoRoom, StudioError
from studio.core.tasks import File
from studio.engine import allowances
from studio.engine.jobs.snapshots import Live

ANN, BOB, CID, DAN = "visitor-a", "user-b", "visitor-c", "visitor-d"  # one a test, for they share an engine


@pytest.fixture
def many(monkeypatch):
    """A studio for many, with limits: `many(DISK="0.001", JOBS="2")`."""
    monkeypatch.setenv("STUDIO_USERS", "many")

    def limit(**limits):
        for name, value in limits.items():
            monkeypatch.setenv(f"STUDIO_OWNER_{name}", value)

    return limit


@pytest.fixture
def keep(engine, chores):
    """Keeps a live result of so many bytes: `keep(ANN, 1000)`."""

    def make(owner, size):
        data = bytes([len(owner) + size % 199]) * size
        return engine.keep(
            Live("chores.do", chores.ChoreSettings(), {}, data, "text", "a.txt", {}, None, 1), owner
        )

    return make


def submit(engine, chores, owner, **settings):
    return engine.submit("chores.do", chores.ChoreSettings(**settings), {}, owner)


def test_whoever_has_as_much_as_each_may_have_is_refused_and_others_are_not(
    engine, keep, chores, many, finished
):
    many(DISK="0.001")
    first = keep(ANN, 900_000)
    with pytest.raises(NoRoom, match=r"takes 90\d kB .* 1 MB\. Next: remove in the gallery"):
        keep(ANN, 200_000)
    keep(BOB, 200_000)
    finished(submit(engine, chores, ANN), ANN)
    keep("local", 2_000_000)
    keep(ANN, 95_000)
    with pytest.raises(NoRoom):
        keep(ANN, 95_001)
    engine.remove(first.id, ANN)
    finished(submit(engine, chores, ANN, shade=4), ANN)


def test_what_was_brought_just_now_counts_too(home, many):
    many(DISK="0.001")
    digest = paths.keep(bytes(900_000))
    note = owners.folder(ANN) / "files" / digest
    note.parent.mkdir(parents=True)
    note.touch()
    assert allowances.of(ANN).bytes == 900_000
    allowances.check_room(ANN, 50_000)
    with pytest.raises(NoRoom):
        allowances.check_room(ANN, 200_000)
    (owners.folder(ANN) / "presets" / "voice").mkdir(parents=True)
    (owners.folder(ANN) / "presets" / "voice" / "weights").write_bytes(bytes(90_000))
    assert allowances.of(ANN).bytes >= 990_000


def test_a_file_that_is_named_twice_counts_once(engine, keep, many):
    many()
    before = allowances.of(CID).bytes
    keep(CID, 400_001)
    keep(CID, 400_001)
    assert 400_000 < allowances.of(CID).bytes - before < 500_000


def test_so_many_jobs_wait_at_once_and_no_more(engine, chores, many, finished):
    many(JOBS="2")
    jobs = [submit(engine, chores, DAN, steps=40, pause=0.02) for _ in range(2)]
    with pytest.raises(StudioError, match=r"2 of your jobs wait or run.* Next: wait until one has ended"):
        submit(engine, chores, DAN)
    other = submit(engine, chores, BOB)
    engine.cancel(jobs[1].id, DAN)
    third = submit(engine, chores, DAN)
    for job, owner in ((jobs[0], DAN), (third, DAN), (other, BOB)):
        engine.cancel(job.id, owner)


def test_one_alone_has_no_limits(engine, keep, monkeypatch):
    monkeypatch.setenv("STUDIO_OWNER_DISK", "0.0001")
    keep("local", 300_000)
    keep("local", 300_001)
    monkeypatch.setenv("STUDIO_USERS", "many")
    keep("local", 300_002)
    monkeypatch.setenv("STUDIO_OWNER_DISK", "0")
    assert allowances.most_bytes(ANN) == float("inf")


@pytest.mark.parametrize("text", ["much", "-1", "nan", "inf"])
def test_a_limit_that_is_no_number_is_told_in_a_sentence(home, many, text):
    many(DISK=text)
    with pytest.raises(InvalidInput, match=f"Invalid STUDIO_OWNER_DISK.* Received: {text}"):
        allowances.check_room(ANN)


def test_a_file_of_a_name_that_leads_elsewhere_is_not_asked_for(home, many):
    assert owners.folder("../../etc").parent == owners.folder(ANN).parent
    assert File.keep(b"x", "text", "a.txt").here
