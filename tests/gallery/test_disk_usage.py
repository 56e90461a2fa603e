"""Disk usage by category, and cleanup of the chosen category only."""

from __future__ import annotations

import os
import threading
import time

import pytest

from studio.core import paths
from studio.core.errors import InvalidInput
from studio.gallery import disk_usage, index, items, removal

LONG_AGO = time.time() - 3 * disk_usage.DAY_SECONDS


def write_file(path, size=1000, age=True):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    if age:
        os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def age_stored_files(home):
    """Makes every stored file old."""
    for path in (home / "files").iterdir():
        os.utime(path, (LONG_AGO, LONG_AGO))


def measure_sizes():
    return {share.name: share.bytes for share in disk_usage.measure_parts()}


def list_files(home):
    return {path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"}


def test_parts_add_up_to_the_total(home, make_item):
    removal.remove([make_item(shade=1)])
    make_item(shade=2)
    write_file(home / "cache" / "a" / "b")
    write_file(home / "weights" / "w.h5", 5000)
    write_file(home / "channels" / "c.png")
    write_file(home / "runs" / "r" / "000.run")
    write_file(home / "logs" / "l.log")
    write_file(home / "files" / ("ab" * 32), 300)
    shares = disk_usage.measure_parts()
    assert sum(share.bytes for share in shares) == sum(path.stat().st_size for path in list_files(home))
    assert sum(share.count for share in shares) == len(list_files(home))
    sizes_by_part = measure_sizes()
    assert (
        sizes_by_part["cache"],
        sizes_by_part["weights"],
        sizes_by_part["channels"],
        sizes_by_part["runs"],
    ) == (1000, 5000, 1000, 1000)
    assert sizes_by_part["unused"] == 300


@pytest.mark.parametrize("part", disk_usage.REMOVABLE)
def test_only_the_selected_part_is_removed(home, make_item, part):
    other_item = make_item(shade=2)
    removal.remove([make_item(shade=1)])
    for place in (
        "cache/x",
        "channels/c",
        "runs/r/1",
        "searches/s.log",
        "weights/w",
        "presets/p/card.md",
        "logs/l",
    ):
        write_file(home / place)
    write_file(home / "files" / ("ab" * 32), 300)
    before, freed_sizes = list_files(home), measure_sizes()
    assert disk_usage.free_parts([part]) == freed_sizes[part] > 0
    assert (
        sum(path.stat().st_size for path in before if path.exists())
        == sum(freed_sizes.values()) - freed_sizes[part]
    )
    assert measure_sizes()[part] == 0
    assert items.find(other_item).result.files[0].path.exists()
    assert {name: size for name, size in measure_sizes().items() if name != part} == {
        name: size for name, size in freed_sizes.items() if name != part
    }


def test_files_of_items_and_removed_items_stay(home, make_item):
    id = make_item()
    removal.remove([id])
    age_stored_files(home)
    assert disk_usage.free_parts(["unused"]) == 0
    removal.restore([id])
    item = items.find(id)
    assert item.result.files[0].path.exists() and item.inputs["content"][0].path.exists()
    removal.remove([id])
    removal.delete([id])
    assert disk_usage.free_parts(["unused"]) > 0
    assert not list((home / "files").iterdir())


@pytest.mark.parametrize(
    "place", ["studies/mine.log", "runs/r/notes", "presets/p/recipe.json", "any/thing.db"]
)
def test_files_with_other_references_stay(home, place):
    digest = paths.store(b"a model that a search tried")
    age_stored_files(home)
    (home / place).parent.mkdir(parents=True)
    (home / place).write_bytes(b"\0\1" + digest.encode() + b"\xff")
    assert disk_usage.free_parts(["unused"]) == 0
    (home / place).unlink()
    assert disk_usage.free_parts(["unused"]) > 0


def test_files_in_use_stay(home, make_item):
    paths.store(b"an upload of today")
    write_file(home / "cache" / "new", age=False)
    write_file(home / "runs" / "going-on" / "001.run")
    write_file(home / "runs" / "going-on" / "002.run", age=False)
    assert disk_usage.free_parts(disk_usage.REMOVABLE) == 0


def test_file_stored_again_meanwhile_stays(home, monkeypatch):
    digest = paths.store(b"an image of last week")
    age_stored_files(home)
    parts_before = disk_usage._list_parts()
    assert parts_before["unused"] == [home / "files" / digest]
    monkeypatch.setattr(disk_usage, "_list_parts", lambda: parts_before)
    paths.store(b"an image of last week")
    assert disk_usage.free_parts(["unused"]) == 0
    assert paths.stored_path(digest).read_bytes() == b"an image of last week"


def test_file_stored_during_removal_stays(home, monkeypatch):
    data = b"an image of last week"
    digest = paths.store(data)
    age_stored_files(home)
    keeping = threading.Thread(target=paths.store, args=(data,))
    is_young, paths_checked = disk_usage._is_young, []

    def kept_just_after(path, *rest):
        result = is_young(path, *rest)
        if path.name == digest:
            paths_checked.append(path)
            if len(paths_checked) == 2:  # the last check before it is removed
                keeping.start()
                keeping.join(1)
        return result

    monkeypatch.setattr(disk_usage, "_is_young", kept_just_after)
    disk_usage.free_parts(["unused"])
    keeping.join()
    assert paths.stored_path(digest).read_bytes() == data


def test_held_lock_stays(home):
    locks = [
        write_file(home / "cache" / "imported" / "a.lock", 0),
        write_file(home / "cache" / "workers" / "b.dirlock", 0),
    ]
    with paths.locked(locks[0]):
        os.utime(locks[0], (LONG_AGO, LONG_AGO))
        disk_usage.free_parts(["cache"])
        with pytest.raises(BlockingIOError), paths.locked(locks[0], blocking=False):
            pass
    assert all(lock.exists() for lock in locks)


@pytest.mark.parametrize("part", ["items", "weights", "presets", "rest", "../files"])
def test_user_data_cannot_be_freed(home, make_item, part):
    make_item()
    before = list_files(home)
    with pytest.raises(InvalidInput):
        disk_usage.free_parts(["cache", part])
    assert list_files(home) == before


def test_index_is_rebuilt_after_the_cache_is_freed(home, make_item):
    id = make_item()
    assert index.find()[1] == 1
    for path in (home / "cache").iterdir():
        os.utime(path, (LONG_AGO, LONG_AGO))
    assert disk_usage.free_parts(["cache"]) > 0
    assert [entry.id for entry in index.find()[0]] == [id]


def test_limit_is_stored(home):
    assert disk_usage.read_limit() == disk_usage.DEFAULT_LIMIT_BYTES
    disk_usage.set_limit(5 * 10**9)
    assert disk_usage.read_limit() == 5 * 10**9
    with pytest.raises(InvalidInput):
        disk_usage.set_limit(5)
    (home / "budget").write_text("plenty")
    assert disk_usage.read_limit() == disk_usage.DEFAULT_LIMIT_BYTES
