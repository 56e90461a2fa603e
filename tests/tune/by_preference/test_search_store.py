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
from studio.tune.by_preference import search_store
from studio.tune.by_preference.pairs import MAX_COMPARISONS, Pair


@pytest.fixture
def preference_search(home):
    content = File.store(b"a photo", "image", "me.png")
    vary = ("look=dogs|eyes|birds", "steps=4:20")
    return search_store.create_search(
        "dream.ascend", DreamSettings(size=256), vary, {"content": [content]}, "local", 512
    )


def path_of(preference_search):
    return paths.ensure_folder("searches") / f"preference-{preference_search.id}.json"


def test_comparisons_are_stored(preference_search):
    first = preference_search.make_selector().next_pair
    search_store.add_comparison(preference_search.id, "local", first, "right")
    search = search_store.load_search(preference_search.id, "local")
    assert [comparison.picked for comparison in search.compared] == ["right"]
    assert search.make_selector().comparisons == (first._replace(picked="right"),)
    assert (
        search.make_selector().next_pair
        == search_store.load_search(preference_search.id, "local").make_selector().next_pair
        != first
    )
    assert json.loads(path_of(preference_search).read_bytes())["inputs"]["content"][0]["name"] == "me.png"


def test_image_settings_combine_varied_and_shared_ones(preference_search):
    settings = preference_search.make_image_settings(("eyes", 7), ("look", "steps"), size=1024)
    assert settings == DreamSettings(look="eyes", steps=7, size=1024)
    assert preference_search.make_image_settings(("birds", 4), ("look", "steps")).size == 256
    tasks.check("dream.ascend", settings, preference_search.inputs)


def test_repeated_comparisons_count_once_and_can_be_removed(preference_search):
    first = preference_search.make_selector().next_pair
    search_store.add_comparison(preference_search.id, "local", first, "left")
    twice = search_store.add_comparison(preference_search.id, "local", Pair(first.right, first.left), "right")
    assert [comparison.picked for comparison in twice.compared] == ["left"]
    undone = search_store.remove_last_comparison(preference_search.id, "local")
    assert (undone.compared, undone.make_selector().next_pair) == ((), first)
    assert search_store.remove_last_comparison(preference_search.id, "local").compared == ()


def test_a_search_ends_after_enough_comparisons(preference_search):
    points = preference_search.make_selector().grid.list_points(0)
    for rival in points[1 : MAX_COMPARISONS + 2]:
        search = search_store.add_comparison(preference_search.id, "local", Pair(points[0], rival), "left")
    assert len(search.compared) == MAX_COMPARISONS and search.make_selector().next_pair is None
    assert search.make_selector().best == points[0]


def test_searches_of_other_owners_are_unavailable(preference_search):
    for id, owner in (
        (preference_search.id, "visitor-1"),
        ("0" * 16, "local"),
        ("../../secret", "local"),
        ("", "local"),
    ):
        with pytest.raises(Unavailable, match="Begin another"):
            search_store.load_search(id, owner)
        with pytest.raises(Unavailable):
            search_store.add_comparison(id, owner, preference_search.make_selector().next_pair, "left")
    search_store.add_comparison(
        preference_search.id, "local", preference_search.make_selector().next_pair, "left"
    )
    assert [search.id for search in search_store.load_recent("local")] == [preference_search.id]
    assert search_store.load_recent("visitor-1") == []


@pytest.mark.parametrize("text", ["", "{", '{"id": 3}', "[]", '{"version": 2}', "x" * 300_000])
def test_a_damaged_file_is_unavailable(preference_search, text):
    path_of(preference_search).write_text(text)
    with pytest.raises(Unavailable):
        search_store.load_search(preference_search.id, "local")
    assert search_store.load_recent("local") == []


def test_recent_searches_have_comparisons_and_are_not_removed(preference_search):
    assert search_store.load_recent("local") == []
    search_store.delete_search(preference_search.id, "local")
    with pytest.raises(Unavailable):
        search_store.load_search(preference_search.id, "local")
    assert not list(paths.ensure_folder("searches").iterdir())


@pytest.mark.parametrize(
    "vary, says",
    [
        ((), "Name the settings to vary"),
        (("strenght",), "strength|one of"),
        (("look=dogs",), "at least two"),
        (("layers",), "list"),
    ],
)
def test_invalid_search_spaces_are_refused(home, vary, says):
    with pytest.raises(InvalidInput, match=says):
        search_store.create_search("dream.ascend", DreamSettings(), vary, {"content": []}, "local", 512)
    assert not list(paths.ensure_folder("searches").iterdir())


def test_a_pair_outside_the_space_is_refused(preference_search):
    with pytest.raises(InvalidInput, match="pair"):
        search_store.add_comparison(preference_search.id, "local", Pair(("fur", 7), ("eyes", 7)), "left")


def test_missing_levels_become_the_nearest_ones(preference_search):
    old = json.loads(path_of(preference_search).read_bytes())
    old["compared"] = [
        {"left": {"look": "dogs", "steps": 97}, "right": {"look": "eyes", "steps": 6.4}, "picked": "left"}
    ]
    path_of(preference_search).write_text(json.dumps(old))
    [comparison] = search_store.load_search(preference_search.id, "local").make_selector().comparisons
    assert comparison == Pair(("dogs", 20), ("eyes", 6), "left")


def test_a_search_needs_its_inputs(preference_search, monkeypatch):
    monkeypatch.setitem(disk_usage._MIN_AGES, "unused", -1.0)
    digest = preference_search.inputs["content"][0].digest
    assert digest not in [path.name for path in disk_usage._list_unused_files(paths.ensure_home())]
    search_store.delete_search(preference_search.id, "local")
    assert digest in [path.name for path in disk_usage._list_unused_files(paths.ensure_home())]


def test_searches_of_others_are_not_read_and_count_toward_their_quota(home, monkeypatch):
    monkeypatch.setenv("STUDIO_USERS", "many")
    monkeypatch.setenv("STUDIO_OWNER_DISK", "0.0001")
    read, really = [], search_store._read
    monkeypatch.setattr(search_store, "_read", lambda path: read.append(path) or really(path))
    by_owner = {}
    for owner in ("visitor-a", "visitor-b"):
        with owners.acting_as(owner):
            content = File.store(owner.encode(), "image", "me.png")
            vary = ("look=dogs|eyes|birds", "steps=4:20")
            by_owner[owner] = search_store.create_search(
                "dream.ascend", DreamSettings(), vary, {"content": [content]}, owner, 512
            )
            search_store.add_comparison(
                by_owner[owner].id, owner, by_owner[owner].make_selector().next_pair, "left"
            )
    read.clear()
    assert [search.id for search in search_store.load_recent("visitor-a")] == [
        by_owner["visitor-a"].id
    ] and len(read) == 1
    with pytest.raises(Unavailable):
        search_store.load_search(by_owner["visitor-b"].id, "visitor-a")
    note = owners.folder("visitor-a") / "files" / paths.digest(b"visitor-a")
    assert note.exists()
    os.utime(note, (0, 0))
    assert note.name in quotas.measure_usage("visitor-a").digests, "what a search is made from counts, too"
    before = quotas.measure_usage("visitor-a").bytes
    file = next((owners.folder("visitor-a") / "searches").glob("*.json"))
    file.write_bytes(file.read_bytes() + b" " * 100_000)
    assert quotas.measure_usage("visitor-a").bytes > before + 90_000
    with owners.acting_as("visitor-a"), pytest.raises(InsufficientSpace, match="Your work takes"):
        search_store.create_search("dream.ascend", DreamSettings(), vary, {}, "visitor-a", 512)
