"""Disk usage by category, and cleanup of the chosen category only."""

from __future__ import annotations

import os
import threading
import time

import pytest

from studio.core import paths
from studio.core.errors import InvalidInput
from studio.gallery import disk_usage, index, items, removal

LONG_AGO = time.time() - 3 * disk_usage.DAY


def put(path, size=1000, age=True):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    if age:
        os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def old(home):
    """Makes every stored file old."""
    for path in (home / "files").iterdir():
        os.utime(path, (LONG_AGO, LONG_AGO))


def sizes():
    return {share.name: share.bytes for share in disk_usage.shares()}


def everything(home):
    return {path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"}


def test_the_parts_add_up_to_the_whole(home, make_item):
    removal.remove([make_item(shade=1)])
    make_item(shade=2)
    put(home / "cache" / "a" / "b")
    put(home / "weights" / "w.h5", 5000)
    put(home / "channels" / "c.png")
    put(home / "runs" / "r" / "000.run")
    put(home / "logs" / "l.log")
    put(home / "files" / ("ab" * 32), 300)
    shares = disk_usage.shares()
    assert sum(share.bytes for share in shares) == sum(path.stat().st_size for path in everything(home))
    assert sum(share.count for share in shares) == len(everything(home))
    sizes_by_part = sizes()
    assert (
        sizes_by_part["cache"],
        sizes_by_part["weights"],
        sizes_by_part["channels"],
        sizes_by_part["runs"],
    ) == (1000, 5000, 1000, 1000)
    assert sizes_by_part["unused"] == 300


@pytest.mark.parametrize("part", disk_usage.FREE)
def test_only_the_chosen_part_goes(home, make_item, part):
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
        put(home / place)
    put(home / "files" / ("ab" * 32), 300)
    before, freed_sizes = everything(home), sizes()
    assert disk_usage.free([part]) == freed_sizes[part] > 0
    assert (
        sum(path.stat().st_size for path in before if path.exists())
        == sum(freed_sizes.values()) - freed_sizes[part]
    )
    assert sizes()[part] == 0
    assert items.find(other_item).result.files[0].path.exists()
    assert {name: size for name, size in sizes().items() if name != part} == {
        name: size for name, size in freed_sizes.items() if name != part
    }


def test_what_an_item_names_stays_also_while_it_can_be_brought_back(home, make_item):
    id = make_item()
    removal.remove([id])
    old(home)
    assert disk_usage.free(["unused"]) == 0
    removal.restore([id])
    item = items.find(id)
    assert item.result.files[0].path.exists() and item.inputs["content"][0].path.exists()
    removal.remove([id])
    removal.forget([id])
    assert disk_usage.free(["unused"]) > 0
    assert not list((home / "files").iterdir())


@pytest.mark.parametrize(
    "place", ["studies/mine.log", "runs/r/notes", "presets/p/recipe.json", "any/thing.db"]
)
def test_what_anything_else_names_stays(home, place):
    digest = paths.keep(b"a model that a search tried")
    old(home)
    (home / place).parent.mkdir(parents=True)
    (home / place).write_bytes(b"\0\1" + digest.encode() + b"\xff")
    assert disk_usage.free(["unused"]) == 0
    (home / place).unlink()
    assert disk_usage.free(["unused"]) > 0


def test_what_is_in_use_stays(home, make_item):
    paths.keep(b"an upload of today")
    put(home / "cache" / "new", age=False)
    put(home / "runs" / "going-on" / "001.run")
    put(home / "runs" / "going-on" / "002.run", age=False)
    assert disk_usage.free(disk_usage.FREE) == 0


def test_what_is_put_in_again_meanwhile_stays(home, monkeypatch):
    digest = paths.keep(b"an image of last week")
    old(home)
    parts_before = disk_usage._parts()
    assert parts_before["unused"] == [home / "files" / digest]
    monkeypatch.setattr(disk_usage, "_parts", lambda: parts_before)
    paths.keep(b"an image of last week")
    assert disk_usage.free(["unused"]) == 0
    assert paths.kept_path(digest).read_bytes() == b"an image of last week"


def test_what_is_put_in_while_it_is_about_to_go_is_there_afterwards(home, monkeypatch):
    data = b"an image of last week"
    digest = paths.keep(data)
    old(home)
    keeping = threading.Thread(target=paths.keep, args=(data,))
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
    disk_usage.free(["unused"])
    keeping.join()
    assert paths.kept_path(digest).read_bytes() == data


def test_a_lock_that_is_held_stays(home):
    locks = [put(home / "cache" / "imported" / "a.lock", 0), put(home / "cache" / "workers" / "b.dirlock", 0)]
    with paths.locked(locks[0]):
        os.utime(locks[0], (LONG_AGO, LONG_AGO))
        disk_usage.free(["cache"])
        with pytest.raises(BlockingIOError), paths.locked(locks[0], wait=False):
            pass
    assert all(lock.exists() for lock in locks)


@pytest.mark.parametrize("part", ["items", "weights", "presets", "rest", "../files"])
def test_what_is_a_persons_own_cannot_go_this_way(home, make_item, part):
    make_item()
    before = everything(home)
    with pytest.raises(InvalidInput):
        disk_usage.free(["cache", part])
    assert everything(home) == before


def test_the_index_comes_back_after_its_cache_went(home, make_item):
    id = make_item()
    assert index.find()[1] == 1
    for path in (home / "cache").iterdir():
        os.utime(path, (LONG_AGO, LONG_AGO))
    assert disk_usage.free(["cache"]) > 0
    assert [entry.id for entry in index.find()[0]] == [id]


def test_the_limit_is_remembered(home):
    assert disk_usage.limit() == disk_usage.USUAL_BYTES
    disk_usage.set_limit(5 * 10**9)
    assert disk_usage.limit() == 5 * 10**9
    with pytest.raises(InvalidInput):
        disk_usage.set_limit(5)
    (home / "budget").write_text("plenty")
    assert disk_usage.limit() == disk_usage.USUAL_BYTES
