"""Removes and restores items: a removed item moves to another folder until it is deleted permanently."""

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


def removed_folder() -> Path:
    """Returns the folder of removed items."""
    return paths.ensure_folder("removed")


def remove(ids: Iterable[str], owner: str = LOCAL) -> list[str]:
    """Removes items from the gallery; `restore` brings them back. Removes none if one raises.

    Returns:
        Their ids.

    Raises:
        Unavailable: if one does not exist, or is another owner's.
        InvalidInput: if one is still being written.
    """
    folders = [_find_folder(items.jobs_folder(), id, owner, items.GONE) for id in dict.fromkeys(ids)]
    for folder in folders:
        item = items.read(folder)
        if item is not None and not items.is_settled(folder):
            raise InvalidInput(f"{item.title} {item.id} is still being written. Try again in a moment.")
    for folder in folders:
        with suppress(FileNotFoundError):  # another process removed it
            _move(folder, removed_folder() / folder.name)
            now = time.time_ns()  # finer than the file system's clock, which ticks every 4 ms
            os.utime(removed_folder() / folder.name, ns=(now, now), follow_symlinks=False)
    return [unreadable.id_of(folder.name) for folder in folders]


def _move(folder: Path, target: Path) -> None:
    """Moves an item's folder; first removes thumbnails that a list may have left at the target."""
    store.Folder(target).remove_images()
    folder.replace(target)


def list_removed(owner: str = LOCAL) -> list[Item]:
    """Returns the owner's removed items, last removed first; see also `unreadable.list_unreadable`."""
    paths_by_time = []
    for path in removed_folder().iterdir():
        with suppress(FileNotFoundError):  # another tab deletes it
            paths_by_time.append((path.stat().st_mtime_ns, path))
    removed_items = (
        items.read(path) for _, path in sorted(paths_by_time, reverse=True) if not path.name.startswith(".")
    )
    return [item for item in removed_items if item is not None and item.owner == owner]


def restore(ids: Iterable[str], owner: str = LOCAL) -> list[str]:
    """Restores removed items. Returns their ids.

    Raises:
        Unavailable: if one does not exist, or is another owner's.
    """
    folders = [_find_folder(removed_folder(), id, owner, _NOT_REMOVED) for id in dict.fromkeys(ids)]
    for folder in folders:
        with suppress(FileNotFoundError):
            _move(folder, items.jobs_folder() / folder.name)
    return [unreadable.id_of(folder.name) for folder in folders]


def delete(ids: Iterable[str], owner: str = LOCAL) -> None:
    """Deletes removed items permanently; `disk_usage` later removes files that nothing else uses.

    Raises:
        Unavailable: if one does not exist, or is another owner's.
    """
    for folder in [_find_folder(removed_folder(), id, owner, _NOT_REMOVED) for id in dict.fromkeys(ids)]:
        with suppress(FileNotFoundError):
            store.Folder(folder).remove()


def _find_folder(parent: Path, id: str, owner: str, message: str) -> Path:
    """Returns the folder of an item or of an unreadable job. Raises `Unavailable` without one."""
    item = items.read(parent / id) if store.is_id(id) else None
    if item is not None and item.owner == owner:
        return item.folder
    damaged = unreadable.find(parent, id, owner)
    if damaged is None:
        raise Unavailable(message)
    return damaged.folder
