"""Stars, tags and names are stored, searched, exported and removed with their item."""

from __future__ import annotations

import json
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from studio.core.errors import InvalidInput, Unavailable
from studio.engine.jobs.records import Marks
from studio.gallery import export, index, items, marks, removal, unreadable
from studio.gallery.index import Filter
from tests.wording import SECOND_SENTENCE


def find_ids(**filters):
    return [entry.id for entry in index.find(Filter(**filters))[0]]


def test_marked_item_is_found_by_its_marks(make_item):
    other, id = make_item(shade=1), make_item(shade=2)
    assert find_ids(starred=True) == [], "the index knows both as they were"
    marked_item = marks.change_marks(id, starred=True, tags=["Sea", "two  words", "sea"], name="  My  best ")
    assert (
        marked_item.marks
        == items.find(id).marks
        == Marks(starred=True, tags=("sea", "two words"), name="My best")
    )
    (entry,), _ = index.find(Filter(starred=True))
    assert (entry.id, entry.name, entry.starred, entry.tags) == (id, "My best", True, ("sea", "two words"))
    assert (
        find_ids(tag="SEA")
        == find_ids(tag="two words", starred=True)
        == find_ids(words="best sea photo")
        == [id]
    )
    assert find_ids(tag="se") == find_ids(tag="words") == []
    assert index.list_tags() == ["sea", "two words"] and index.list_tags("ann") == []
    assert find_ids() == [id, other]


def test_marks_change_independently(make_item):
    id = make_item()
    marks.change_marks(id, starred=True)
    marks.change_marks(id, tags=["a"])
    assert marks.change_marks(id, name="mine").marks == Marks(starred=True, tags=("a",), name="mine")
    assert marks.change_marks(id, starred=False).marks == Marks(starred=False, tags=("a",), name="mine")
    marks.change_marks(id, tags=[])
    marks.change_marks(id, name="")
    assert items.find(id).marks == Marks() and index.find()[0][0].name == "photo"


def test_names_may_contain_joiners(make_item):
    id = make_item()
    assert (
        marks.change_marks(id, name="می\u200cخواهم \U0001f469\u200d\U0001f467").marks.name.count("\u200d")
        == 1
    )
    with pytest.raises(InvalidInput, match="can be read"):
        marks.change_marks(id, name="\u202egnp.exe")


def test_concurrent_changes_are_all_stored(make_item):
    changes = [{"starred": True}, {"added_tags": ["sea"]}, {"name": "Boat"}]
    with ThreadPoolExecutor(3) as pool:
        for _ in range(10):
            id = make_item()
            list(pool.map(lambda change, id=id: marks.change_marks(id, **change), changes))
            assert items.find(id).marks == Marks(starred=True, tags=("sea",), name="Boat")


def test_marks_survive_the_index_and_removal(home, make_item):
    id = make_item()
    marks.change_marks(id, tags=["kept"])
    next((home / "cache").glob("gallery-*.sqlite")).unlink()
    assert find_ids(tag="kept") == [id]
    removal.remove([id])
    assert find_ids(tag="kept") == [] and removal.list_removed()[0].marks.tags == ("kept",)
    removal.restore([id])
    assert find_ids(tag="kept") == [id] and unreadable.list_unreadable() == []


def test_only_own_items_can_be_marked(home, make_item):
    id = make_item(owner="ann")
    for item_id in (id, "nothing", "../x"):
        with pytest.raises(Unavailable, match="no such item"):
            marks.change_marks(item_id, starred=True)
    assert not (home / "jobs" / id / "marks.json").exists()
    marks.change_marks(id, "ann", starred=True)
    assert find_ids(starred=True) == [] and index.find(Filter(starred=True), "ann")[1] == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"tags": ["x" * 41]},
        {"tags": [f"tag {n}" for n in range(21)]},
        {"tags": ["a\x1b[31m"]},
        {"tags": ["\ud800"]},
        {"name": "x" * 81},
        {"name": "a\x00b"},
    ],
)
def test_invalid_mark_is_rejected_and_changes_nothing(make_item, bad):
    id = make_item()
    marks.change_marks(id, starred=True, tags=["a"], name="mine")
    with pytest.raises(InvalidInput, match=SECOND_SENTENCE) as error:
        marks.change_marks(id, **bad)
    assert "\n" not in str(error.value) and "\x1b" not in str(error.value)
    assert items.find(id).marks == Marks(starred=True, tags=("a",), name="mine")


INVALID_MARKS = {
    "empty": b"",
    "cut": b'{"starred": tr',
    "a list": b"[]",
    "a number for a star": b'{"starred": 1}',
    "a number for tags": b'{"tags": 5}',
    "tags that are none": b'{"tags": [""]}',
    "many tags": json.dumps({"tags": ["a"] * 21}).encode(),
    "a long name": json.dumps({"name": "x" * 81}).encode(),
    "noise": b"\xff\xfe",
}


@pytest.mark.parametrize("corruption", INVALID_MARKS)
def test_damaged_marks_count_as_none(home, make_item, corruption):
    id = make_item()
    (home / "jobs" / id / "marks.json").write_bytes(INVALID_MARKS[corruption])
    assert items.find(id).marks == Marks()
    assert find_ids() == [id] and find_ids(starred=True) == [] and unreadable.list_unreadable() == []
    marks.change_marks(id, starred=True)
    assert find_ids(starred=True) == [id]


def test_pipes_and_control_characters_as_marks_are_ignored(home, make_item):
    piped, loud = make_item(shade=1), make_item(shade=2)
    os.mkfifo(home / "jobs" / piped / "marks.json")
    (home / "jobs" / loud / "marks.json").write_text(json.dumps({"name": "a\x1b[31mb", "tags": ["x\ny"]}))
    assert items.find(piped).marks == Marks()
    (entry,) = (entry for entry in index.find()[0] if entry.id == loud)
    assert entry.name.isprintable() and all(tag.isprintable() for tag in entry.tags) and len(entry.tags) == 1


def test_export_contains_names_and_marks(tmp_path, make_item):
    named, plain = make_item(shade=1), make_item(shade=2)
    marks.change_marks(named, starred=True, tags=["sea"], name="../My: best")
    with zipfile.ZipFile(export.save_zip(map(items.find, (named, plain)), tmp_path / "all.zip")) as packed:
        first, second, marks_name = packed.namelist()
        assert first.endswith("-fake-.._My_ best.png") and "/" not in first and second.endswith("painted.png")
        assert marks_name == "marks.json"
        marks_by_file = json.loads(packed.read(marks_name))
    assert marks_by_file == {first: {"starred": True, "tags": ["sea"], "name": "../My: best", "boards": []}}
