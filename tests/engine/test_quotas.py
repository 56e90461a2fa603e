"""Quotas in a studio for many users: disk space and concurrent jobs."""

from __future__ import annotations

import json
import os
import shutil
import time

import pytest

from studio.core import caches, owners, paths
from studio.core.errors import InsufficientSpace, InvalidInput, StudioError
from studio.core.tasks import File
from studio.engine import quotas
from studio.engine.jobs.job import Live

# One per test, because they share an engine.
ANN, BOB, CID, DAN = "visitor-a", "user-b", "visitor-c", "visitor-d"


@pytest.fixture
def set_limits(monkeypatch):
    """A studio for many users with limits: `set_limits(DISK="0.001", JOBS="2")`."""
    monkeypatch.setenv("STUDIO_USERS", "many")

    def limit(**limits):
        for name, value in limits.items():
            monkeypatch.setenv(f"STUDIO_OWNER_{name}", value)

    return limit


@pytest.fixture
def store_result(engine, chores):
    """Stores a live result of so many bytes: `store_result(ANN, 1000)`."""

    def make(owner, size):
        data = bytes([len(owner) + size % 199]) * size
        return engine.store_live(
            Live("chores.do", chores.ChoreSettings(), {}, data, "text", "a.txt", {}, None, 1), owner
        )

    return make


def submit_chore(engine, chores, owner, **settings):
    return engine.submit("chores.do", chores.ChoreSettings(**settings), {}, owner)


@pytest.mark.slow
def test_full_disk_quota_affects_only_its_owner(engine, store_result, chores, set_limits, wait_for_job):
    set_limits(DISK="0.001")
    first = store_result(ANN, 900_000)
    with pytest.raises(InsufficientSpace, match=r"takes 91\d kB .* 1 MB\. Remove in the gallery"):
        store_result(ANN, 200_000)
    store_result(BOB, 200_000)
    wait_for_job(submit_chore(engine, chores, ANN), ANN)
    store_result("local", 2_000_000)
    store_result(ANN, 40_000)
    with pytest.raises(InsufficientSpace):
        store_result(ANN, 95_001)
    engine.find_job(first.id, ANN).folder.remove()
    wait_for_job(submit_chore(engine, chores, ANN, shade=4), ANN)


def test_uploads_count(home, set_limits):
    set_limits(DISK="0.001")
    digest = paths.store(bytes(900_000))
    note = owners.folder(ANN) / "uploads" / digest
    note.parent.mkdir(parents=True)
    note.touch()
    assert quotas.measure_usage(ANN).bytes == 900_000
    quotas.check_disk_quota(ANN, 50_000)
    with pytest.raises(InsufficientSpace):
        quotas.check_disk_quota(ANN, 200_000)
    (owners.folder(ANN) / "presets" / "language_model").mkdir(parents=True)
    (owners.folder(ANN) / "presets" / "language_model" / "weights").write_bytes(bytes(90_000))
    assert quotas.measure_usage(ANN).bytes >= 990_000


@pytest.mark.slow
def test_shared_file_counts_once(engine, store_result, set_limits):
    set_limits()
    before = quotas.measure_usage(CID).bytes
    store_result(CID, 400_001)
    store_result(CID, 400_001)
    assert 400_000 < quotas.measure_usage(CID).bytes - before < 500_000


def test_job_quota_limits_unfinished_jobs(engine, chores, set_limits, wait_for_job):
    set_limits(JOBS="2")
    jobs = [submit_chore(engine, chores, DAN, steps=40, pause=0.02) for _ in range(2)]
    with pytest.raises(StudioError, match=r"2 of your jobs wait or run.* Wait until one has ended"):
        submit_chore(engine, chores, DAN)
    other = submit_chore(engine, chores, BOB)
    engine.cancel(jobs[1].id, DAN)
    third = submit_chore(engine, chores, DAN)
    for job, owner in ((jobs[0], DAN), (third, DAN), (other, BOB)):
        engine.cancel(job.id, owner)


def test_single_user_has_no_limits(engine, store_result, monkeypatch):
    monkeypatch.setenv("STUDIO_OWNER_DISK", "0.0001")
    store_result("local", 300_000)
    store_result("local", 300_001)
    monkeypatch.setenv("STUDIO_USERS", "many")
    store_result("local", 300_002)
    monkeypatch.setenv("STUDIO_OWNER_DISK", "0")
    assert quotas.get_disk_quota(ANN) == float("inf")


@pytest.mark.parametrize("text", ["much", "-1", "nan", "inf"])
def test_invalid_limit_is_rejected(home, set_limits, text):
    set_limits(DISK=text)
    with pytest.raises(InvalidInput, match=f"Invalid STUDIO_OWNER_DISK: {text}"):
        quotas.check_disk_quota(ANN)


def test_owner_names_are_not_paths(home, set_limits):
    assert owners.folder("../../etc").parent == owners.folder(ANN).parent
    assert File.store(b"x", "text", "a.txt").is_available


def write_job(home, owner, id, **fields):
    """Writes the folder of a finished job as another studio could have left it."""
    folder = home / "jobs" / id
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({"owner": owner, **fields}))
    (folder / "outcome.json").write_text("{}")
    return folder


def test_usage_reads_no_folders_of_others(home, set_limits, monkeypatch):
    set_limits()
    for number in range(30):
        write_job(home, BOB, f"bob{number}")
    write_job(home, ANN, "ann1")
    read = []
    really = paths.read
    monkeypatch.setattr(paths, "read", lambda path, most: read.append(path) or really(path, most))
    before = quotas.measure_usage(ANN)
    assert len([path for path in read if path.parent.name.startswith("bob")]) == 30, "once each"
    read.clear()
    write_job(home, ANN, "ann2"), write_job(home, BOB, "bob99")
    after = quotas.measure_usage(ANN)
    assert {folder.name for folder in after.folders} == {"ann1", "ann2"} and after.bytes > before.bytes
    assert {path.parent.name for path in read} <= {"ann1", "ann2", "bob99"}
    (home / "removed").mkdir(exist_ok=True)
    (home / "jobs" / "ann1").rename(home / "removed" / "ann1")
    shutil.rmtree(home / "jobs" / "ann2")
    assert [folder.parent.name for folder in quotas.measure_usage(ANN).folders] == ["removed"]
    assert set(quotas.measure_usage_by_owner()) == {ANN, BOB}


def test_job_in_creation_counts_once_it_has_an_owner(home, set_limits):
    set_limits()
    (home / "jobs" / "new").mkdir(parents=True)
    assert not quotas.measure_usage(ANN).folders
    (home / "jobs" / "new" / "job.json").write_text(json.dumps({"owner": ANN}))
    assert [folder.name for folder in quotas.measure_usage(ANN).folders] == ["new"]


def test_usage_does_not_reveal_files_of_others(home, set_limits):
    set_limits()
    with owners.acting_as(ANN):
        hers = File.store(bytes(70_000), "text", "a.txt")
    folders = [
        write_job(home, BOB, id, named=digest) for id, digest in (("x1", hers.digest), ("x2", "0" * 64))
    ]
    assert len({(path / "job.json").stat().st_size for path in folders}) == 1
    before = quotas.measure_usage(BOB).bytes
    assert before < 70_000
    with owners.acting_as(BOB):
        File.store(bytes(70_000), "text", "a.txt")
    assert quotas.measure_usage(BOB).bytes == before + 70_000, "it is his, too, now"


def test_unused_upload_counts_as_long_as_it_exists(home, set_limits):
    set_limits(DISK="0.001")
    digest = paths.store(bytes(900_000))
    note = owners.folder(ANN) / "uploads" / digest
    note.parent.mkdir(parents=True)
    note.touch()
    os.utime(note, (time.time() - 6 * 86_400,) * 2)
    assert quotas.measure_usage(ANN).bytes == 900_000
    (home / "files" / digest).unlink()
    assert quotas.measure_usage(ANN).bytes == 0


def test_result_counts_only_while_referenced(home, set_limits):
    set_limits()
    with owners.acting_as(ANN, makes_results=True):
        file = File.store(bytes(900_000), "text", "a.txt")
        assert file.is_available
    assert quotas.measure_usage(ANN).bytes == 0
    with owners.acting_as(ANN):
        File.store(bytes(900_000), "text", "a.txt")  # now she uploads the same file
    assert quotas.measure_usage(ANN).bytes == 900_000


def test_cache_may_use_the_rest_of_the_quota(home, set_limits):
    set_limits(DISK="0.001")
    entries = [paths.ensure_folder("cache") / "images" / f"{number}.pixels" for number in range(2)]
    with owners.acting_as(ANN):
        for number, entry in enumerate(entries):
            paths.write(entry, bytes(600_000))
            caches.claim(entry)
            os.utime(next((owners.folder(ANN) / "caches").glob(_mark_name(entry))), (number, number))
    assert quotas.measure_usage(ANN).cache == 1_200_000
    quotas.check_disk_quota(ANN)
    assert [entry.exists() for entry in entries] == [False, True]
    quotas.check_disk_quota(ANN, 900_000)
    assert quotas.measure_usage(ANN).cache == 0


def _mark_name(entry) -> str:
    return paths.digest(f"images/{entry.name}".encode())[:32]


@pytest.mark.slow
def test_small_files_count_as_blocks(home, set_limits):
    set_limits(DISK="0.001")
    with owners.acting_as(ANN):
        for number in range(250):
            File.store(bytes([number]), "text", "a.txt")
    with pytest.raises(InsufficientSpace):
        quotas.check_disk_quota(ANN)


def test_batch_over_quota_is_rejected(engine, chores, set_limits):
    set_limits(JOBS="2")
    several = [(chores.ChoreSettings(), {})] * 3
    with pytest.raises(StudioError, match="These are 3 jobs"):
        engine.submit_all("chores.do", several, "all", "visitor-batch")
    assert engine.list_jobs("visitor-batch") == []
