"""Job folders that cannot be read, from manual changes or disk errors, so that users can remove them."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import make_printable
from studio.engine.jobs import owner_index, store
from studio.engine.jobs.records import Outcome, Request, Status
from studio.gallery import index, items
from studio.gallery.items import LOCAL

_FRESH_SECONDS = 3600.0  # a younger folder with missing files may still be in creation


@dataclass(frozen=True)
class Unreadable:
    """A job folder that cannot be read.

    Attributes:
        id: its name if that is a valid id, else an id made from it.
        name: name of the folder, for users.
        owner: its owner; `local` if unknown.
        changed: modification time of the folder, in seconds since 1970.
        folder: the folder.
    """

    id: str
    name: str
    owner: str
    changed: float
    folder: Path


def list_unreadable(root: Path | None = None, owner: str = LOCAL) -> list[Unreadable]:
    """Returns the unreadable folders of an owner, last changed first.

    Args:
        root: parent folder; None for that of items and jobs.
        owner: the owner.
    """
    if root is None:
        folders = find_unreadable(index.list_unlisted_folders())
    else:
        folders = find_unreadable(path for path in root.iterdir() if not path.name.startswith("."))
    owner_folders = [folder for folder in folders if folder.owner == owner]
    return sorted(owner_folders, key=lambda folder: -folder.changed)


def find_unreadable(folders: Iterable[Path]) -> Iterator[Unreadable]:
    """Yields the unreadable ones of some folders."""
    for folder in folders:
        with suppress(OSError):  # another process removed it
            changed = folder.stat().st_mtime
            if folder.is_dir() and not _is_job(folder, changed):
                name, owner = folder.name, owner_index.read_owner(folder) or LOCAL
                yield Unreadable(id_of(name), make_printable(name, 60), owner, changed, folder)


def find(root: Path, id: str, owner: str) -> Unreadable | None:
    """Returns the unreadable folder of an id; None if there is none, or it is another owner's."""
    folders = [root / id] if store.is_id(id) else [path for path in root.iterdir() if id_of(path.name) == id]
    return next((folder for folder in find_unreadable(folders) if folder.owner == owner), None)


def id_of(name: str) -> str:
    """Returns the id of a folder for addresses and commands."""
    return name if store.is_id(name) else f"odd-{hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}"


def _is_job(folder: Path, changed: float) -> bool:
    """Returns whether a folder has valid job files, or is so new that some may be missing."""
    job = store.Folder(folder)
    if not store.is_id(folder.name):
        return False
    if job.read(Request) is not None and (job.read(Outcome) is not None or _is_waiting(job)):
        return True
    files = {name for name in ("job", "outcome", "state") if os.path.lexists(folder / f"{name}.json")}
    is_new = files == {"job"} and job.read(Request) is not None
    is_young = folder.parent == items.jobs_folder() and time.time() - changed < _FRESH_SECONDS
    return is_young and (is_new or not files)


def _is_waiting(job: store.Folder) -> bool:
    """Returns whether a job has a valid status and no outcome yet."""
    return job.read(Status) is not None and not os.path.lexists(job.path / "outcome.json")
