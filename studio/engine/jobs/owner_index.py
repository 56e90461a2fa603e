"""An index of the folders of jobs and removed items by owner.

Each folder is read only once, because its owner never changes; later calls read only new folders.
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from studio.core import paths
from studio.core.owners import LOCAL
from studio.engine.jobs import store

_ROOTS = ("jobs", "removed")
_FRESH_NANOSECONDS = 10**9  # two changes of a folder within this time may have the same time stamp


def list_folders(owner: str) -> list[Path]:
    """Returns the folders of an owner, oldest first."""
    return _get_index(paths.ensure_home()).list_folders(owner)


def list_owners() -> set[str]:
    """Returns all owners of such a folder."""
    return _get_index(paths.ensure_home()).list_owners()


@lru_cache(maxsize=4)
def _get_index(home: Path) -> _OwnerIndex:
    return _OwnerIndex(home)


class _OwnerIndex:
    """The index of one STUDIO_HOME."""

    def __init__(self, home: Path):
        self._roots = [home / name for name in _ROOTS]
        self._lock = threading.Lock()
        self._changed: dict[Path, int] = {}  # modification time of a root at the last complete scan
        self._owner_by_name: dict[Path, dict[str, str]] = {root: {} for root in self._roots}
        self._folders: defaultdict[str, set[Path]] = defaultdict(set)

    def list_folders(self, owner: str) -> list[Path]:
        with self._lock:
            self._update()
            return sorted(self._folders.get(owner, ()), key=lambda folder: folder.name)

    def list_owners(self) -> set[str]:
        with self._lock:
            self._update()
            return {owner for owner, folders in self._folders.items() if folders}

    def _update(self) -> None:
        """Updates the index with folders added or removed since the last call."""
        for root in self._roots:
            with suppress(OSError):  # there is none yet
                modified = root.stat().st_mtime_ns
                if self._changed.get(root) != modified:
                    is_complete = self._scan(root) and time.time_ns() - modified > _FRESH_NANOSECONDS
                    self._changed[root] = modified if is_complete else -1

    def _scan(self, root: Path) -> bool:
        """Lists a root and reads new folders. Returns whether all of them have an owner."""
        names = {name for name in os.listdir(root) if not name.startswith(".")}  # noqa: PTH208
        owner_names = self._owner_by_name[root]
        for name in owner_names.keys() - names:
            self._folders[owner_names.pop(name)].discard(root / name)
        is_complete = True
        for name in names - owner_names.keys():
            owner = read_owner(root / name)
            is_complete &= owner is not None
            if owner is not None:
                owner_names[name] = owner
                self._folders[owner].add(root / name)
        return is_complete


def read_owner(folder: Path) -> str | None:
    """Returns the owner of a folder: `local` if it names none; None while it is being written."""
    try:
        return store.Folder(folder).read_owner() or LOCAL
    except FileNotFoundError:
        return None
    except OSError:
        return LOCAL
