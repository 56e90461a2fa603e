"""Stored searches by preference: found again, answered once, undone, and private."""

from __future__ import annotations

import json
import os

import pytest

from studio.core import owners, paths, tasks
from studio.core.errors import InsufficientSpace, InvalidInput, Unavailable
from studio.core.tasks import File
from studio.dream.settings import DreamSettings
from studio.engine import quotas
from studio.gallery import disk_usage
from studio.tune.by_preference import searches
from studio.tune.by_preference.pairs import MOST, Pair


@pytest.fixture
def taste(home):
    content = File.keep(b"a photo", "image", "me.png")
    vary = ("look=dogs|eyes|birds", "steps=4:20")
    return searches.begin("dream.ascend", DreamSettings(size=256), vary, {"content": [content]}, "local", 512)


def file_of(taste):
    return paths.folder("searches") / f"eye-{taste.id}.json"


def test_what_was_picked_is_found_by_another_process(taste):
    first = taste.pairs().pair
    searches.compare(taste.id, "local", first, "right")
    search = searches.find(taste.id, "local")
    assert [comparison.picked for comparison in search.compared] == ["right"]
    assert search.pairs().comparisons == (first._replace(picked="right"),)
    assert search.pairs().pair == searches.find(taste.id, "local").pairs().pair != first
    assert json.loads(file_of(taste).read_bytes())["inputs"]["content"][0]["name"] == "me.png"


def test_an_image_has_its_own_settings_and_shares_the_others(taste):
    settings = taste.image_settings(("eyes", 7), ("look", "steps"), size=1024)
    assert settings == DreamSettings(look="eyes", steps=7, size=1024)
    assert taste.image_settings(("birds", 4), ("look", "steps")).size == 256
    tasks.check("dream.ascend", settings, taste.inputs)


def test_a_second_click_counts_once_and_undo_takes_it_back(taste):
    first = taste.pairs().pair
    searches.compare(taste.id, "local", first, "left")
    twice = searches.compare(taste.id, "local", Pair(first.right, first.left), "right")
    assert [comparison.picked for comparison in twice.compared] == ["left"]
    undone = searches.undo(taste.id, "local")
    assert (undone.compared, undone.pairs().pair) == ((), first)
    assert searches.undo(taste.id, "local").compared == ()


def test_it_ends_after_enough_comparisons(taste):
    points = taste.pairs().grid.points(0)
    for rival in points[1 : MOST + 2]:
        search = searches.compare(taste.id, "local", Pair(points[0], rival), "left")
    assert len(search.compared) == MOST and search.pairs().pair is None
    assert search.pairs().best == points[0]


def test_nobody_sees_what_is_not_theirs(taste):
    for id, owner in ((taste.id, "visitor-1"), ("0" * 16, "local"), ("../../secret", "local"), ("", "local")):
        with pytest.raises(Unavailable, match="Begin another"):
            searches.find(id, owner)
        with pytest.raises(Unavailable):
            searches.compare(id, owner, taste.pairs().pair, "left")
    searches.compare(taste.id, "local", taste.pairs().pair, "left")
    assert [search.id for search in searches.recent("local")] == [taste.id]
    assert searches.recent("visitor-1") == []


@pytest.mark.parametrize("text", ["", "{", '{"id": 3}', "[]", '{"version": 2}', "x" * 300_000])
def test_a_damaged_file_is_as_none(taste, text):
    file_of(taste).write_text(text)
    with pytest.raises(Unavailable):
        searches.find(taste.id, "local")
    assert searches.recent("local") == []


def test_one_that_was_not_judged_is_not_offered_and_one_that_is_removed_is_gone(taste):
    assert searches.recent("local") == []
    searches.remove(taste.id, "local")
    with pytest.raises(Unavailable):
        searches.find(taste.id, "local")
    assert not list(paths.folder("searches").iterdir())


@pytest.mark.parametrize(
    "vary, says",
    [
        ((), "Name the settings to vary"),
        (("strenght",), "strength|one of"),
        (("look=dogs",), "at least two"),
        (("layers",), "list"),
    ],
)
def test_what_cannot_vary_is_refused_before_anything_is_kept(home, vary, says):
    with pytest.raises(InvalidInput, match=says):
        searches.begin("dream.ascend", DreamSettings(), vary, {"content": []}, "local", 512)
    assert not list(paths.folder("searches").iterdir())


def test_a_pair_of_something_else_is_refused(taste):
    with pytest.raises(InvalidInput, match="pair"):
        searches.compare(taste.id, "local", Pair(("fur", 7), ("eyes", 7)), "left")


def test_a_value_that_the_form_no_longer_has_becomes_its_nearest(taste):
    old = json.loads(file_of(taste).read_bytes())
    old["compared"] = [
        {"left": {"look": "dogs", "steps": 97}, "right": {"look": "eyes", "steps": 6.4}, "picked": "left"}
    ]
    file_of(taste).write_text(json.dumps(old))
    [comparison] = searches.find(taste.id, "local").pairs().comparisons
    assert comparison == Pair(("dogs", 20), ("eyes", 6), "left")


def test_its_images_are_needed(taste, monkeypatch):
    monkeypatch.setitem(disk_usage._LEAST_AGES, "unused", -1.0)
    digest = taste.inputs["content"][0].digest
    assert digest not in [path.name for path in disk_usage._unused_files(paths.home())]
    searches.remove(taste.id, "local")
    assert digest in [path.name for path in disk_usage._unused_files(paths.home())]


def test_those_of_others_are_not_read_and_count_as_their_owners_work(home, monkeypatch):
    monkeypatch.setenv("STUDIO_USERS", "many")
    monkeypatch.setenv("STUDIO_OWNER_DISK", "0.0001")
    read, really = [], searches._read
    monkeypatch.setattr(searches, "_read", lambda path: read.append(path) or really(path))
    by_owner = {}
    for owner in ("visitor-a", "visitor-b"):
        with owners.acting_as(owner):
            content = File.keep(owner.encode(), "image", "me.png")
            vary = ("look=dogs|eyes|birds", "steps=4:20")
            by_owner[owner] = searches.begin(
                "dream.ascend", DreamSettings(), vary, {"content": [content]}, owner, 512
            )
            searches.compare(by_owner[owner].id, owner, by_owner[owner].pairs().pair, "left")
    read.clear()
    assert [search.id for search in searches.recent("visitor-a")] == [by_owner["visitor-a"].id] and len(
        read
    ) == 1
    with pytest.raises(Unavailable):
        searches.find(by_owner["visitor-b"].id, "visitor-a")
    note = owners.folder("visitor-a") / "files" / paths.digest(b"visitor-a")
    assert note.exists()
    os.utime(note, (0, 0))
    assert note.name in quotas.usage_of("visitor-a").digests, "what a search is made from counts, too"
    before = quotas.usage_of("visitor-a").bytes
    file = next((owners.folder("visitor-a") / "searches").glob("*.json"))
    file.write_bytes(file.read_bytes() + b" " * 100_000)
    assert quotas.usage_of("visitor-a").bytes > before + 90_000
    with owners.acting_as("visitor-a"), pytest.raises(InsufficientSpace, match="Your work takes"):
        searches.begin("dream.ascend", DreamSettings(), vary, {}, "visitor-a", 512)
