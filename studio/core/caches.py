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

_CLAIMS_FOLDER = "caches"


@dataclass(frozen=True)
class _Entry:
    """A cache entry of an owner: the note that claims it, its path, last use and size."""

    note: Path
    path: Path
    used_ns: int  # since 1970
    bytes: int


def claim(path: Path) -> Path:
    """Records that the current owner creates or uses a cache entry, a file or folder. Returns `path`."""
    owner = owners.get_current()
    if owner in (owners.LOCAL, owners.NOBODY):
        return path
    name = path.relative_to(paths.ensure_folder("cache")).as_posix()
    note = paths.make_folder(owners.folder(owner) / _CLAIMS_FOLDER) / paths.digest(name.encode())[:32]
    note.write_text(name)
    return path


def measure_used_bytes(owner: str) -> int:
    """Returns the total size of an owner's entries in bytes."""
    return sum(entry.bytes for entry in _find_entries(owner))


def evict(owner: str, max_bytes: float) -> None:
    """Removes an owner's entries, least recently used first, until they take at most `max_bytes` bytes.

    Entries that other owners also claim stay for them.
    """
    entries = sorted(_find_entries(owner), key=lambda entry: entry.used_ns)
    total = sum(entry.bytes for entry in entries)
    for entry in entries:
        if total <= max_bytes:
            return
        entry.note.unlink(missing_ok=True)
        if not list(paths.ensure_folder("owners").glob(f"*/{_CLAIMS_FOLDER}/{entry.note.name}")):
            _remove_path(entry.path)
        total -= entry.bytes


def _find_entries(owner: str) -> Iterator[_Entry]:
    """Yields the existing entries of an owner."""
    for note in (owners.folder(owner) / _CLAIMS_FOLDER).glob("*"):
        with suppress(OSError):
            path = paths.ensure_folder("cache") / note.read_text()
            if path.exists():
                yield _Entry(note, path, note.stat().st_mtime_ns, _measure_bytes(path))
            else:
                note.unlink()


def _measure_bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files)


def _remove_path(path: Path) -> None:
    """Removes a file or folder; errors are ignored."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
