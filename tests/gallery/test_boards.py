"""Boards: results are put on them, found by them and stay when a board is renamed or deleted."""

from __future__ import annotations

import pytest

from studio.core.errors import InvalidInput, Unavailable
from studio.gallery import boards, index, items, marks
from studio.gallery.index import Filter


def find_ids(board, owner="local"):
    return [entry.id for entry in index.find(Filter(board=board), owner)[0]]


def test_results_are_found_by_their_boards(make_item):
    first, second = make_item(shade=1), make_item(shade=2)
    marks.change_marks(first, added_boards=["Été 2026", " My  best "])
    marks.change_marks(second, added_boards=["été 2026"])
    assert index.list_boards() == ["My best", "Été 2026"], "the second result is on the same board"
    assert find_ids("ÉTÉ 2026") == [second, first] and find_ids("my best") == [first]
    assert find_ids("best") == find_ids("2026") == []
    marks.change_marks(first, removed_boards=["MY BEST"], starred=True)
    assert items.find(first).marks.boards == ("Été 2026",) and index.list_boards() == ["Été 2026"]
    assert index.find(Filter(words="été"))[1] == 2


def test_renamed_and_deleted_boards_keep_their_results(make_item):
    first, second = make_item(shade=1), make_item(shade=2)
    for id, board in ((first, "Sea"), (second, "sea"), (second, "Land")):
        marks.change_marks(id, added_boards=[board])
    assert boards.rename("sea", "SEA") == 2 and index.list_boards() == ["Land", "SEA"]
    assert boards.rename("sea", "land") == 2 and index.list_boards() == ["Land"]
    assert items.find(second).marks.boards == ("Land",)
    assert boards.delete("Land") == 2
    assert index.list_boards() == [] and index.find()[1] == 2


def test_boards_belong_to_their_owner(make_item):
    id = make_item()
    others = make_item(owner="ann")
    marks.change_marks(id, added_boards=["Sea"])
    marks.change_marks(others, "ann", added_boards=["sea"])
    assert index.list_boards("ann") == ["sea"] and find_ids("sea", "ann") == [others]
    boards.delete("sea", "ann")
    assert index.list_boards() == ["Sea"] and index.list_boards("ann") == []
    with pytest.raises(Unavailable, match="list of boards"):
        boards.rename("sea", "Land", "ann")


def test_invalid_boards_are_refused(make_item):
    id = make_item()
    marks.change_marks(id, boards=["Sea"])
    for names in (["x" * 41], ["a\x00b"], [f"board {number}" for number in range(21)]):
        with pytest.raises(InvalidInput):
            marks.change_marks(id, boards=names)
    with pytest.raises(InvalidInput):
        boards.rename("Sea", "  ")
    with pytest.raises(Unavailable):
        boards.delete("")
    assert items.find(id).marks.boards == ("Sea",)
