"""Removing items, and bringing them back: a removed one moves aside as a whole, and goes only when asked."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from studio.core import paths
from studio.core.errors import InvalidInput, Unavailable
from studio.engine.jobs import store
from studio.gallery import items, unreadable
from studio.gallery.items import LOCAL, Item

_NOT_REMOVED = "There is no such removed item. Look in the list of removed items."


def root() -> Path:
    """Where removed items are."""
    return paths.folder("removed")


def remove(ids: Iterable[str], owner: str = LOCAL) -> list[str]:
    """Takes items out of the gallery; `restore` brings them back. All must be the owner's, or none goes.

    Returns:
        Their ids.

    Raises:
        Unavailable: if one is not there, or another owner's.
        InvalidInput: if one is not wholly written yet.
    """
    found = [_found(items.root(), id, owner, items.GONE) for id in dict.fromkeys(ids)]
    for folder in found:
        item = items.read(folder)
        if item is not None and not items.is_settled(folder):
            raise InvalidInput(f"{item.title} {item.id} is still being written. Try again in a moment.")
    for folder in found:
        with suppress(FileNotFoundError):  # somebody else was as quick
            _move(folder, root() / folder.name)
            now = time.time_ns()  # when it was removed; the file system's own clock ticks some 4 ms
            os.utime(root() / folder.name, ns=(now, now), follow_symlinks=False)
    return [unreadable.id_of(folder.name) for folder in found]


def _move(folder: Path, place: Path) -> None:
    """Moves an item's folder; a list that drew its small image as it last left may have made one there."""
    store.Folder(place).forget_images()
    folder.replace(place)


def removed(owner: str = LOCAL) -> list[Item]:
    """What the owner removed and can bring back, the last removed first; see also `unreadable.of_owner`."""
    dated = []
    for path in root().iterdir():
        with suppress(FileNotFoundError):  # another tab empties it
            dated.append((path.stat().st_mtime_ns, path))
    found = (items.read(path) for _, path in sorted(dated, reverse=True) if not path.name.startswith("."))
    return [item for item in found if item is not None and item.owner == owner]


def restore(ids: Iterable[str], owner: str = LOCAL) -> list[str]:
    """Puts removed items back where they were. Returns their ids.

    Raises:
        Unavailable: if one is not there, or another owner's.
    """
    found = [_found(root(), id, owner, _NOT_REMOVED) for id in dict.fromkeys(ids)]
    for folder in found:
        with suppress(FileNotFoundError):
            _move(folder, items.root() / folder.name)
    return [unreadable.id_of(folder.name) for folder in found]


def forget(ids: Iterable[str], owner: str = LOCAL) -> None:
    """Removes for good what was removed; the files that nothing else names go by the size budget.

    Raises:
        Unavailable: if one is not there, or another owner's.
    """
    for folder in [_found(root(), id, owner, _NOT_REMOVED) for id in dict.fromkeys(ids)]:
        with suppress(FileNotFoundError):
            store.Folder(folder).remove()


def _found(place: Path, id: str, owner: str, otherwise: str) -> Path:
    """The folder of an id, that of an item or one that cannot be read. Raises `Unavailable` without one."""
    item = items.read(place / id) if store.is_id(id) else None
    if item is not None and item.owner == owner:
        return item.folder
    odd = unreadable.find(place, id, owner)
    if odd is None:
        raise Unavailable(otherwise)
    return odd.folder
