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


def test_removed_item_is_restored_unchanged(make_item):
    first, second, third = (make_item(shade=shade) for shade in range(3))
    before, thumbnail = items.find(second), items.find(second).load_thumbnail()
    assert removal.remove([second]) == [second]
    assert find_ids() == [third, first]
    with pytest.raises(Unavailable):
        items.find(second)
    assert [item.id for item in removal.list_removed()] == [second]
    assert removal.restore([second]) == [second]
    assert find_ids() == [third, second, first]
    assert (items.find(second), items.find(second).load_thumbnail()) == (before, thumbnail)
    assert removal.list_removed() == []


def test_thumbnail_at_the_target_does_not_block_removal(make_item):
    id = make_item()
    before, there = items.find(id), items.find(id).folder
    removal.remove([id])
    # As in a list that started before the removal.
    store.Folder(there).write_thumbnails(before.result.files[0])
    assert there.is_dir()
    assert removal.restore([id]) == [id]
    store.Folder(removal.removed_folder() / id).write_thumbnails(before.result.files[0])
    assert removal.remove([id]) == [id]
    removal.restore([id])
    assert items.find(id) == before and items.find(id).load_thumbnail()


def test_last_removed_item_is_listed_first(make_item):
    there = [make_item(shade=shade) for shade in range(3)]
    for id in (there[2], there[0], there[1]):
        removal.remove([id])
    assert [item.id for item in removal.list_removed()] == [there[1], there[0], there[2]]


def test_deleted_item_is_gone(home, make_item):
    id = make_item()
    removal.remove([id])
    removal.delete([id])
    assert removal.list_removed() == [] and list((home / "removed").iterdir()) == []
    with pytest.raises(Unavailable, match="removed item"):
        removal.restore([id])


@pytest.mark.parametrize("act", [removal.remove, removal.restore, removal.delete])
def test_items_of_others_are_not_changed(make_item, act):
    own, hers = make_item(), make_item(owner="ann")
    if act is not removal.remove:
        removal.remove([own])
        removal.remove([hers], "ann")
    with pytest.raises(Unavailable):
        act([own, hers])
    there = [own] if act is removal.remove else []
    assert find_ids() == there, "all or none"
    assert len(removal.list_removed()) == 1 - len(there)


def test_job_in_progress_is_not_removed(home, make_item):
    id = make_item()
    state = home / "jobs" / id / "state.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"state": "running"}))
    with pytest.raises(InvalidInput, match="still being written"):
        removal.remove([id])
    assert find_ids() == [id]


def test_engine_sees_removed_items(home, make_item):
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
