"""What is removed can be brought back as it was, until a user says that it goes for good."""

from __future__ import annotations

import json

import pytest

from studio.core.errors import InvalidInput, Unavailable
from studio.engine.jobs import store
from studio.engine.jobs.ledger import Ledger
from studio.gallery import index, items, removal


def ids():
    return [entry.id for entry in index.find()[0]]


def test_a_removed_item_comes_back_as_it_was(made):
    first, second, third = (made(shade=shade) for shade in range(3))
    before, seen = items.find(second), items.find(second).thumbnail()
    assert removal.remove([second]) == [second]
    assert ids() == [third, first]
    with pytest.raises(Unavailable):
        items.find(second)
    assert [item.id for item in removal.removed()] == [second]
    assert removal.restore([second]) == [second]
    assert ids() == [third, second, first]
    assert (items.find(second), items.find(second).thumbnail()) == (before, seen)
    assert removal.removed() == []


def test_a_small_image_that_was_drawn_meanwhile_is_in_nobodys_way(made):
    id = made()
    before, there = items.find(id), items.find(id).folder
    removal.remove([id])
    store.Folder(there).show_result(before.result.files[0])  # as a list that began before it was removed
    assert there.is_dir()
    assert removal.restore([id]) == [id]
    store.Folder(removal.root() / id).show_result(before.result.files[0])
    assert removal.remove([id]) == [id]
    removal.restore([id])
    assert items.find(id) == before and items.find(id).thumbnail()


def test_the_last_removed_comes_first(made):
    there = [made(shade=shade) for shade in range(3)]
    for id in (there[2], there[0], there[1]):
        removal.remove([id])
    assert [item.id for item in removal.removed()] == [there[1], there[0], there[2]]


def test_what_goes_for_good_is_gone(home, made):
    id = made()
    removal.remove([id])
    removal.forget([id])
    assert removal.removed() == [] and list((home / "removed").iterdir()) == []
    with pytest.raises(Unavailable, match="removed item"):
        removal.restore([id])


@pytest.mark.parametrize("act", [removal.remove, removal.restore, removal.forget])
def test_anothers_items_stay_where_they_are(made, act):
    own, hers = made(), made(owner="ann")
    if act is not removal.remove:
        removal.remove([own])
        removal.remove([hers], "ann")
    with pytest.raises(Unavailable):
        act([own, hers])
    there = [own] if act is removal.remove else []
    assert ids() == there, "all or none"
    assert len(removal.removed()) == 1 - len(there)


def test_a_job_that_is_still_written_is_not_removed(home, made):
    id = made()
    state = home / "jobs" / id / "state.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"state": "running"}))
    with pytest.raises(InvalidInput, match="still being written"):
        removal.remove([id])
    assert ids() == [id]


def test_the_engine_follows(home, made):
    id = made()
    ledger = Ledger(home / "jobs")
    ledger.load()
    assert ledger.find(id, "local").state == "done"
    removal.remove([id])
    assert ledger.newest("local", 20) == []
    with pytest.raises(Unavailable):
        ledger.find(id, "local")
    removal.restore([id])
    assert ledger.copy(ledger.find(id, "local")).result is not None
