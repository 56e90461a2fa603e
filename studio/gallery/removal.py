"""Removing items, and bringing them back: a removed one moves aside as a whole, and goes only when asked."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from studio.core import paths
from studio.core.errors import InvalidInput, Unavailable
from studio.engine import store
from studio.gallery import items
from studio.gallery.items import LOCAL, Item


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
    found = [items.find(id, owner) for id in dict.fromkeys(ids)]
    for item in found:
        if not items.is_settled(item.folder):
            raise InvalidInput(f"{item.title} {item.id} is still being written. Next: try again in a moment.")
    for item in found:
        with suppress(FileNotFoundError):  # somebody else was as quick
            _move(item.folder, root() / item.id)
            now = time.time_ns()  # when it was removed; the file system's own clock ticks some 4 ms
            os.utime(root() / item.id, ns=(now, now))
    return [item.id for item in found]


def _move(folder: Path, place: Path) -> None:
    """Moves an item's folder; a list that drew its small picture as it last left may have made one there."""
    store.Folder(place).forget_pictures()
    folder.replace(place)


def removed(owner: str = LOCAL) -> list[Item]:
    """What the owner removed and can bring back, the last removed first."""
    folders = sorted(root().iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    found = (items.read(path) for path in folders if not path.name.startswith("."))
    return [item for item in found if item is not None and item.owner == owner]


def restore(ids: Iterable[str], owner: str = LOCAL) -> list[str]:
    """Puts removed items back where they were. Returns their ids.

    Raises:
        Unavailable: if one is not there, or another owner's.
    """
    found = [_removed(id, owner) for id in dict.fromkeys(ids)]
    for item in found:
        with suppress(FileNotFoundError):
            _move(item.folder, items.root() / item.id)
    return [item.id for item in found]


def forget(ids: Iterable[str], owner: str = LOCAL) -> None:
    """Removes for good what was removed; the files that nothing else names go by the size budget.

    Raises:
        Unavailable: if one is not there, or another owner's.
    """
    for item in [_removed(id, owner) for id in dict.fromkeys(ids)]:
        gone = item.folder.with_name(f".gone-{item.id}")
        with suppress(FileNotFoundError):
            item.folder.replace(gone)
            shutil.rmtree(gone, ignore_errors=True)


def _removed(id: str, owner: str) -> Item:
    item = items.read(root() / id) if id.isalnum() else None
    if item is None or item.owner != owner:
        raise Unavailable("There is no such item among the removed ones. Next: look in their list.")
    return item
