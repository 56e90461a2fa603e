"""Whose the entries of STUDIO_HOME/cache are: those made of files of one of many belong to that owner.

    owners/OWNER/caches/NAME    holds the path of an entry below STUDIO_HOME/cache; its time says when the
                                owner last used the entry

An entry goes when its owner has too much: the one that was not used for longest first. It is made again when
it is needed. The cache of whoever runs the studio has no such notes: it goes only when that person says so.
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
    """Notes that whoever asks makes or uses an entry of the cache now: a file or a folder. Returns `path`."""
    owner = owners.asker()
    if owner in (owners.LOCAL, owners.NOBODY):
        return path
    name = path.relative_to(paths.folder("cache")).as_posix()
    mark = paths.make(owners.folder(owner) / _FOLDER) / paths.digest(name.encode())[:32]
    mark.write_text(name)
    return path


def used_bytes(owner: str) -> int:
    """How many bytes an owner's entries take."""
    return sum(entry.bytes for entry in _entries(owner))


def evict(owner: str, most: float) -> None:
    """Removes an owner's entries until they take at most so many bytes, first what was not used for longest.

    What others claim, too, stays for them.
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
    """The entries of an owner that are still there."""
    for mark in (owners.folder(owner) / _FOLDER).glob("*"):
        with suppress(OSError):
            path = paths.folder("cache") / mark.read_text()
            if path.exists():
                yield _Entry(mark, path, mark.stat().st_mtime_ns, _size(path))
            else:
                mark.unlink()


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(one.lstat().st_size for one in files)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
