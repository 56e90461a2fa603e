"""Whose the folders of jobs and of removed items are, known without reading those of others again.

Each folder is read once, for whose it is never changes; who asks later pays for the names that came since.
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


def folders_of(owner: str) -> list[Path]:
    """The folders of an owner, the oldest first."""
    return _shelf(paths.home()).of(owner)


def owners_there() -> set[str]:
    """All who have such a folder."""
    return _shelf(paths.home()).owners()


@lru_cache(maxsize=4)
def _shelf(home: Path) -> _Shelf:
    return _Shelf(home)


class _Shelf:
    """The folders of a STUDIO_HOME."""

    def __init__(self, home: Path):
        self._roots = [home / name for name in _ROOTS]
        self._lock = threading.Lock()
        self._changed: dict[Path, int] = {}  # when a root last did, where nothing in it is open
        self._whose: dict[Path, dict[str, str]] = {root: {} for root in self._roots}
        self._folders: defaultdict[str, set[Path]] = defaultdict(set)

    def of(self, owner: str) -> list[Path]:
        with self._lock:
            self._follow()
            return sorted(self._folders.get(owner, ()), key=lambda folder: folder.name)

    def owners(self) -> set[str]:
        with self._lock:
            self._follow()
            return {owner for owner, folders in self._folders.items() if folders}

    def _follow(self) -> None:
        """Updates the index by the folders that were added or removed since the last call."""
        for root in self._roots:
            with suppress(OSError):  # there is none yet
                changed = root.stat().st_mtime_ns
                if self._changed.get(root) != changed:
                    whole = self._look(root) and time.time_ns() - changed > _FRESH_NANOSECONDS
                    self._changed[root] = changed if whole else -1

    def _look(self, root: Path) -> bool:
        """Looks at names alone, and into new folders; says whether it is known of all whose they are."""
        names = {name for name in os.listdir(root) if not name.startswith(".")}  # noqa: PTH208
        known = self._whose[root]
        for name in known.keys() - names:
            self._folders[known.pop(name)].discard(root / name)
        whole = True
        for name in names - known.keys():
            owner = _owner(root / name)
            whole &= owner is not None
            if owner is not None:
                known[name] = owner
                self._folders[owner].add(root / name)
        return whole


def _owner(folder: Path) -> str | None:
    """The owner of a folder: `local` if it names none; None while it is still being written."""
    try:
        return store.Folder(folder).owner() or LOCAL
    except FileNotFoundError:
        return None
    except OSError:
        return LOCAL
