"""Boards: named collections of an owner's results.

The boards of a result are among its marks, in its folder, so no second file can contradict them. A board
exists as long as a result is on it.
"""

from __future__ import annotations

from collections.abc import Iterable

from studio.core.errors import Unavailable, invalid, make_printable
from studio.core.owners import LOCAL
from studio.gallery import index, marks
from studio.gallery.index import Filter


def rename(name: str, new_name: str, owner: str = LOCAL) -> int:
    """Renames a board; if there is one with the new name, both become one. Returns the number of its results.

    Raises:
        Unavailable: if the owner has no such board.
        InvalidInput: if the new name is empty, too long or not printable.
        InsufficientSpace: if the disk is full.
    """
    if not new_name.strip():
        raise invalid("board", expected="a name", received="none", next_step="type one")
    return _change(name, owner, [new_name])


def delete(name: str, owner: str = LOCAL) -> int:
    """Deletes a board; its results stay in the gallery. Returns their number.

    Raises:
        Unavailable: if the owner has no such board.
        InsufficientSpace: if the disk is full.
    """
    return _change(name, owner, [])


def _change(name: str, owner: str, added_boards: Iterable[str]) -> int:
    """Removes a board from its results and adds others. Returns the number of results."""
    entries, total = index.find(Filter(board=name), owner)
    if not name.strip() or not total:
        raise Unavailable(f'There is no board "{make_printable(name, 40)}". Look in the list of boards.')
    for entry in entries:
        marks.change_marks(entry.id, owner, removed_boards=[name], added_boards=added_boards)
    return total
