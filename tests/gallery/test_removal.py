"""Removed items can be restored until they are deleted for good."""

from __future__ import annotations

import json

import pytest

from studio.core.errors import InvalidInput, Unavailable
from studio.engine.jobs import store
from studio.engine.jobs.ledger import Ledger
from studio.gallery import index, items, removal


def find_ids():
    return [entry.id for entry in index.find()[0]]


def test_a_removed_item_comes_back_as_it_was(make_item):
    first, second, third = (make_item(shade=shade) for shade in range(3))
    before, thumbnail = items.find(second), items.find(second).thumbnail()
    assert removal.remove([second]) == [second]
    assert find_ids() == [third, first]
    with pytest.raises(Unavailable):
        items.find(second)
    assert [item.id for item in removal.list_removed()] == [second]
    assert removal.restore([second]) == [second]
    assert find_ids() == [third, second, first]
    assert (items.find(second), items.find(second).thumbnail()) == (before, thumbnail)
    assert removal.list_removed() == []


def test_a_small_image_that_was_drawn_meanwhile_is_in_nobodys_way(make_item):
    id = make_item()
    before, there = items.find(id), items.find(id).folder
    removal.remove([id])
    store.Folder(there).write_thumbnails(
        before.result.files[0]
    )  # as in a list that started before the removal
    assert there.is_dir()
    assert removal.restore([id]) == [id]
    store.Folder(removal.removed_folder() / id).show_result(before.result.files[0])
    assert removal.remove([id]) == [id]
    removal.restore([id])
    assert items.find(id) == before and items.find(id).thumbnail()


def test_the_last_removed_comes_first(make_item):
    there = [make_item(shade=shade) for shade in range(3)]
    for id in (there[2], there[0], there[1]):
        removal.remove([id])
    assert [item.id for item in removal.list_removed()] == [there[1], there[0], there[2]]


def test_what_goes_for_good_is_gone(home, make_item):
    id = make_item()
    removal.remove([id])
    removal.delete([id])
    assert removal.list_removed() == [] and list((home / "removed").iterdir()) == []
    with pytest.raises(Unavailable, match="removed item"):
        removal.restore([id])


@pytest.mark.parametrize("act", [removal.remove, removal.restore, removal.delete])
def test_anothers_items_stay_where_they_are(make_item, act):
    own, hers = make_item(), make_item(owner="ann")
    if act is not removal.remove:
        removal.remove([own])
        removal.remove([hers], "ann")
    with pytest.raises(Unavailable):
        act([own, hers])
    there = [own] if act is removal.remove else []
    assert find_ids() == there, "all or none"
    assert len(removal.list_removed()) == 1 - len(there)


def test_a_job_that_is_still_written_is_not_removed(home, make_item):
    id = make_item()
    state = home / "jobs" / id / "state.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"state": "running"}))
    with pytest.raises(InvalidInput, match="still being written"):
        removal.remove([id])
    assert find_ids() == [id]


def test_the_engine_follows(home, make_item):
    id = make_item()
    ledger = Ledger(home / "jobs")
    ledger.load()
    assert ledger.find(id, "local").state == "done"
    removal.remove([id])
    assert ledger.list_newest("local", 20) == []
    with pytest.raises(Unavailable):
        ledger.find(id, "local")
    removal.restore([id])
    assert ledger.take_snapshot(ledger.find(id, "local")).result is not None
