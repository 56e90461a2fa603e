"""Job folders that cannot be read, as another hand or a damaged disk left them: told, and to be removed."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import printable
from studio.engine.jobs import store
from studio.engine.jobs.parts import Outcome, Request, Status
from studio.gallery import index, items
from studio.gallery.items import LOCAL

_FRESH_SECONDS = 3600.0  # in which a folder without all of its files may still be filled


@dataclass(frozen=True)
class Unreadable:
    """A folder that should hold a job.

    Attributes:
        id: its name if that can stand in an address and a command, else one made of it.
        name: of the folder, for people.
        owner: whose it is; of one that does not tell, whoever runs the studio.
        changed: when something in it last came or went, in seconds since 1970.
    """

    id: str
    name: str
    owner: str
    changed: float
    folder: Path


def of_owner(root: Path | None = None, owner: str = LOCAL) -> list[Unreadable]:
    """Those of an owner, the last changed first.

    Args:
        root: the folder of their folders; None for that of items and jobs.
    """
    if root is None:
        every = among(index.unlisted())
    else:
        every = among(path for path in root.iterdir() if not path.name.startswith("."))
    return sorted((one for one in every if one.owner == owner), key=lambda one: -one.changed)


def among(folders: Iterable[Path]) -> Iterator[Unreadable]:
    """Those among some folders."""
    for folder in folders:
        with suppress(OSError):  # somebody else took it away
            changed = folder.stat().st_mtime
            if folder.is_dir() and not _is_job(folder, changed):
                name = folder.name
                yield Unreadable(id_of(name), printable(name, 60), _owner(folder), changed, folder)


def find(root: Path, id: str, owner: str) -> Unreadable | None:
    """The one of an id below a root; None if there is none, or it is another owner's."""
    folders = [root / id] if store.is_id(id) else [path for path in root.iterdir() if id_of(path.name) == id]
    return next((one for one in among(folders) if one.owner == owner), None)


def id_of(name: str) -> str:
    """What stands for a folder of this name in addresses and commands."""
    return name if store.is_id(name) else f"odd-{hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}"


def _is_job(folder: Path, changed: float) -> bool:
    """Whether its files are as the studio writes them, as far as they are there yet."""
    kept = store.Folder(folder)
    if not store.is_id(folder.name):
        return False
    if kept.read(Request) is not None and (kept.read(Outcome) is not None or _waits(kept)):
        return True
    written = {name for name in ("job", "outcome", "state") if os.path.lexists(folder / f"{name}.json")}
    begun = written == {"job"} and kept.read(Request) is not None
    is_fresh = folder.parent == items.root() and time.time() - changed < _FRESH_SECONDS
    return is_fresh and (begun or not written)


def _waits(kept: store.Folder) -> bool:
    return kept.read(Status) is not None and not os.path.lexists(kept.path / "outcome.json")


def _owner(folder: Path) -> str:
    with suppress(OSError):
        return store.Folder(folder).owner() or LOCAL
    return LOCAL
