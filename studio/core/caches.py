"""The owners of entries in STUDIO_HOME/cache: an entry belongs to the owners of the files it was made from.

    owners/OWNER/caches/NAME    contains the path of an entry below STUDIO_HOME/cache; its modification time
                                is the owner's last use of the entry

Entries of an owner who exceeds the quota are evicted, least recently used first, and are recreated on demand.
Entries of the user who runs the studio have no such notes and are only removed on request.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from studio.core import owners, paths

_FOLDER = "caches"


@dataclass(frozen=True)
class _Entry:
    mark: Path
    path: Path
    used: int  # ns since 1970
    bytes: int


def claim(path: Path) -> Path:
    """Records that the current owner creates or uses a cache entry, a file or folder. Returns `path`."""
    owner = owners.current()
    if owner in (owners.LOCAL, owners.NOBODY):
        return path
    name = path.relative_to(paths.folder("cache")).as_posix()
    mark = paths.make(owners.folder(owner) / _FOLDER) / paths.digest(name.encode())[:32]
    mark.write_text(name)
    return path


def used_bytes(owner: str) -> int:
    """Returns the size of an owner's entries in bytes."""
    return sum(entry.bytes for entry in _entries(owner))


def evict(owner: str, most: float) -> None:
    """Removes an owner's entries, least recently used first, until they take at most `most` bytes.

    Entries that other owners also claim stay for them.
    """
    entries = sorted(_entries(owner), key=lambda entry: entry.used)
    total = sum(entry.bytes for entry in entries)
    for entry in entries:
        if total <= most:
            return
        entry.mark.unlink(missing_ok=True)
        if not list(paths.folder("owners").glob(f"*/{_FOLDER}/{entry.mark.name}")):
            _remove(entry.path)
        total -= entry.bytes


def _entries(owner: str) -> Iterator[_Entry]:
    """Yields the existing entries of an owner."""
    for mark in (owners.folder(owner) / _FOLDER).glob("*"):
        with suppress(OSError):
            path = paths.folder("cache") / mark.read_text()
            if path.exists():
                yield _Entry(mark, path, mark.stat().st_mtime_ns, _size(path))
            else:
                mark.unlink()


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
