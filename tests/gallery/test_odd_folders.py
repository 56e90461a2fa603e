"""Malformed job folders break no list: they show as unreadable and can be removed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time

import odd_folders
import pytest

from studio.core.errors import Unavailable
from studio.core.imaging import image_io
from studio.engine.jobs import store
from studio.engine.jobs.ledger import Ledger
from studio.gallery import disk_usage, export, index, items, removal, unreadable

CORRUPTIONS = odd_folders.CORRUPTIONS


@pytest.fixture
def add_with_corrupted(home, make_item):
    """Adds a valid and a malformed item: `add_with_corrupted("the title is a number")` -> the valid id."""

    def make(corruption: str) -> str:
        good, bad = make_item(shade=1), make_item(shade=2)
        CORRUPTIONS[corruption](home / "jobs" / bad)
        for path in [*(home / "jobs").iterdir()]:
            os.utime(path, (1, 1))  # old enough that nobody is still writing it
        return good

    return make


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_lists_tolerate_a_corrupted_folder(home, add_with_corrupted, tmp_path, corruption):
    good = add_with_corrupted(corruption)
    for _ in range(2):
        assert [entry.id for entry in index.find()[0]] == [good]
    assert index.list_tasks() == {"fake.paint": "Paint"}
    ledger = Ledger(home / "jobs")
    ledger.load()
    ledger.sync_folders()
    assert good in [ledger.take_snapshot(record).id for record in ledger.list_newest("local", 20)]
    assert sum(share.bytes for share in disk_usage.measure_parts()) > 0
    disk_usage.free_parts(disk_usage.REMOVABLE)
    assert export.save_zip([items.find(good)], tmp_path / "all.zip").exists()
    assert removal.list_removed() == []


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_unreadable_folder_can_be_removed_restored_and_deleted(home, add_with_corrupted, corruption):
    good = add_with_corrupted(corruption)
    [odd] = unreadable.list_unreadable()
    assert odd.id.isalnum() or odd.id.startswith("odd-")
    assert removal.remove([odd.id]) == [odd.id]
    assert unreadable.list_unreadable() == [] and [entry.id for entry in index.find()[0]] == [good]
    assert [entry.id for entry in unreadable.list_unreadable(removal.removed_folder())] == [odd.id]
    assert removal.restore([odd.id]) == [odd.id]
    assert [entry.id for entry in unreadable.list_unreadable()] == [odd.id]
    removal.remove([odd.id, good])
    removal.delete([odd.id])
    assert unreadable.list_unreadable(removal.removed_folder()) == []
    assert [item.id for item in removal.list_removed()] == [good]
    with pytest.raises(Unavailable):
        removal.remove([odd.id])


@pytest.mark.parametrize("corruption", odd_folders.RECOVERABLE)
def test_result_with_an_invalid_state_is_a_finished_item(home, make_item, corruption):
    id = make_item()
    odd_folders.RECOVERABLE[corruption](home / "jobs" / id)
    assert [entry.id for entry in index.find()[0]] == [id] and unreadable.list_unreadable() == []
    assert items.find(id).seconds is None
    ledger = Ledger(home / "jobs")
    ledger.load()
    assert ledger.take_snapshot(ledger.find(id, "local")).state == "done"
    odd_folders.RECOVERABLE[corruption](home / "jobs" / id)
    assert removal.remove([id]) == [id]


def test_unreadable_folder_belongs_to_its_owner(home, make_item):
    hers, nobodys = make_item(owner="ann"), make_item(owner="bob")
    odd_folders.CORRUPTIONS["the title is a number"](home / "jobs" / hers)
    odd_folders.CORRUPTIONS["the owner is a number"](home / "jobs" / nobodys)
    assert [odd.id for odd in unreadable.list_unreadable(owner="ann")] == [hers]
    assert unreadable.list_unreadable(owner="bob") == []
    assert [odd.id for odd in unreadable.list_unreadable()] == [nobodys], "told to whoever runs the studio"
    with pytest.raises(Unavailable):
        removal.remove([hers])
    removal.remove([hers], "ann")


def test_folder_in_creation_is_not_unreadable(home, make_item):
    waits, writes = make_item(), make_item()
    (home / "jobs" / waits / "outcome.json").unlink()
    state = home / "jobs" / waits / "state.json"
    state.write_text(json.dumps(json.loads(state.read_bytes()) | {"state": "queued"}))
    for name in ("outcome", "state"):
        (home / "jobs" / writes / f"{name}.json").unlink()
    (home / "jobs" / "0begun").mkdir()
    assert unreadable.list_unreadable() == []
    long_ago = time.time() - 2 * 3600
    for name in (waits, writes, "0begun"):
        os.utime(home / "jobs" / name, (long_ago, long_ago))
    assert {odd.id for odd in unreadable.list_unreadable()} == {writes, "0begun"}


def test_repaired_folder_is_an_item_again(home, make_item):
    id = make_item()
    before = (home / "jobs" / id / "job.json").read_bytes()
    CORRUPTIONS["the title is a number"](home / "jobs" / id)
    assert index.find()[1] == 0
    (home / "jobs" / id / "job.json").write_bytes(before)
    assert index.find()[1] == 1


def test_folder_emptied_during_listing_is_skipped(home, make_item, monkeypatch):
    removed, there = make_item(shade=1), make_item(shade=2)
    removal.remove([removed, there])
    read = items.read

    def emptied(folder):
        if (home / "removed" / removed).exists():
            shutil.rmtree(home / "removed" / removed)
        return read(folder)

    monkeypatch.setattr(items, "read", emptied)
    assert [item.id for item in removal.list_removed()] == [there]
    monkeypatch.undo()
    before = home / "removed"
    listed = type(before).iterdir

    def first_listed(path):
        entries = list(listed(path))
        if path == before:
            shutil.rmtree(home / "removed" / there, ignore_errors=True)
        return iter(entries)

    monkeypatch.setattr(type(before), "iterdir", first_listed)
    assert removal.list_removed() == []


@pytest.mark.parametrize("data", [b"noise", b"RIFF\x10\0\0\0WEBPVP8 cut", b""])
def test_damaged_thumbnail_is_recreated(home, make_item, data):
    item = items.find(make_item())
    (item.folder / "thumbnail.webp").write_bytes(data)
    (item.folder / "preview.webp").write_bytes(data)
    assert store.Folder(item.folder).read_preview() is None
    assert image_io.read(item.load_thumbnail()).shape == (48, 64, 3)


@pytest.mark.parametrize(
    "line", [b"5", b'"step"', b'{"step": "x", "seconds": 1}', b"[" * 99_999, b"\xff", b"{}"]
)
def test_invalid_points_of_a_curve_are_skipped(home, make_item, line):
    folder = store.Folder(items.find(make_item()).folder)
    good = b'{"step": 1, "seconds": 0.5, "loss": 2.0}'
    (folder.path / "reports.jsonl").write_bytes(b"\n".join([good, line, good]))
    assert folder.read_history() == [{"step": 1, "seconds": 0.5, "loss": 2.0}] * 2


PIPE_NAMES = ("preview.webp", "thumbnail.webp", "reports.jsonl")


def test_pipes_in_a_folder_do_not_block(home, make_item):
    folder = home / "jobs" / make_item()
    for name in PIPE_NAMES:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)
    code = (
        "import sys; from pathlib import Path; from studio.engine.jobs import store\n"
        "folder = store.Folder(Path(sys.argv[1]))\n"
        "print(folder.read_preview(), folder.read_thumbnail(), folder.read_history())"
    )
    command = [sys.executable, "-c", code, str(folder)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    assert process.stdout == "None None []\n"


@pytest.mark.slow
def test_target_of_a_removed_link_stays(home, tmp_path):
    (tmp_path / "mine").mkdir()
    os.utime(tmp_path / "mine", (1, 1))
    items.jobs_folder().joinpath("link").symlink_to(tmp_path / "mine")
    assert removal.remove(["link"]) == ["link"]
    assert (tmp_path / "mine").stat().st_mtime == 1
