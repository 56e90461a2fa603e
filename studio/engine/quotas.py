"""What one of many who share a studio may take: room on the disk, and jobs at once. One alone has no limits.

Limits are a few numbers in the environment, told in docs/serving.md. What is there when somebody
asks for more counts: a job that has begun is finished, however much it makes.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from studio.core import amounts, caches, owners, paths
from studio.core.errors import NoRoom, TooMany, invalid
from studio.core.owners import LOCAL
from studio.engine.jobs import owner_index, store
from studio.engine.jobs.parts import FINISHED, Status

USUAL = {
    "STUDIO_OWNER_DISK": 5.0,
    "STUDIO_OWNER_JOBS": 20.0,
    "STUDIO_VISITOR_DAYS": 90.0,
    "STUDIO_USER_DAYS": 0.0,
}
_UNITS = {"DISK": "GB", "JOBS": "jobs", "DAYS": "days"}
_UNUSED = 86400.0  # s, in which what an owner brought counts although nothing that was made names it
_LEAST = 4096  # bytes that a file takes on the disk, however small it is
_SITTING = 3600.0  # s, after which a visit is noted again
_NAMED = re.compile(rb"[0-9a-f]{64}")


@dataclass
class Usage:
    """What an owner's work takes.

    Attributes:
        folders: of jobs and items, removed ones among them.
        digests: of the files that these name, or that came just now.
        bytes: of all that, and of kept models.
        cache: bytes of what was made of their files to be quicker the next time, which goes by itself.
        busy: whether a job runs or will run unless somebody pauses it.
        touched: when any of it last changed, in seconds since 1970.
    """

    folders: list[Path] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)
    bytes: int = 0
    cache: int = 0
    busy: bool = False
    touched: float = 0.0


def number(name: str) -> float:
    """A limit of the environment, infinite for 0.

    Raises:
        InvalidInput: if it is no such number.
    """
    text = os.environ.get(name, "").strip()
    try:
        value = float(text) if text else USUAL[name]
        if not 0 <= value < math.inf:
            raise ValueError
    except ValueError:
        expected = f"a number of {_UNITS[name.rpartition('_')[2]]}, 0 for no limit"
        step = "correct it and start the studio again"
        raise invalid(name, expected=expected, received=text, next_step=step) from None
    return value or math.inf


def limited(owner: str) -> bool:
    """Whether limits hold for an owner: for each of many, never for who runs the studio."""
    return owner != LOCAL and os.environ.get("STUDIO_USERS", "one") != "one"


def most_bytes(owner: str) -> float:
    """How much room an owner's work may take."""
    return number("STUDIO_OWNER_DISK") * 10**9 if limited(owner) else math.inf


def check_room(owner: str, more: int = 0) -> None:
    """Raises `NoRoom` if an owner's work takes all the room that it may, or would with so many bytes more.

    Their cache may have what their work leaves; what is too much of it goes now.
    """
    most = most_bytes(owner)
    if most == math.inf:
        return
    used = evict_cache(owner, more)
    if used + more > most:
        raise NoRoom(
            f"Your work takes {amounts.size(used)} in this studio, where each may take {amounts.size(most)}. "
            "Remove in the gallery what you no longer need, there also for good, and try again."
        )


def evict_cache(owner: str, more: int = 0) -> int:
    """Removes what an owner's cache has beyond the room that their work and so many bytes more leave.

    Returns:
        How many bytes their work takes.
    """
    used = usage_of(owner).bytes
    caches.evict(owner, max(0.0, most_bytes(owner) - used - more))
    return used


def check_jobs(owner: str, unfinished: int, more: int = 1) -> None:
    """Raises `TooMany` if an owner had more jobs that wait or run than are allowed, with so many more."""
    most = number("STUDIO_OWNER_JOBS") if limited(owner) else math.inf
    if more > 1 and unfinished + more > most:
        raise TooMany(
            f"These are {more:,} jobs; {unfinished:,} of yours wait or run, and each may have {most:,.0f} at "
            "once in this studio. Ask for fewer, or wait until some have ended."
        )
    if more and unfinished + more > most:
        raise TooMany(
            f"{unfinished:,} of your jobs wait or run, as many as each may have in this studio. "
            "Wait until one has ended, or stop one."
        )


def usage_of(owner: str) -> Usage:
    """What one owner's work takes; reads nothing of what others have."""
    taken = Usage()
    for folder in owner_index.folders_of(owner):
        with suppress(OSError):  # removed meanwhile
            _add(taken, folder)
    _add_own(taken, owner)
    taken.cache = caches.used_bytes(owner)
    taken.bytes += sum(_size(paths.home() / "files" / digest) for digest in taken.digests)
    return taken


def everybody() -> dict[str, Usage]:
    """What each owner's work takes, by their names."""
    names = owner_index.owners_there()
    told = {owners.folder(name).name for name in names}
    names |= {path.name for path, _ in _dated(paths.folder("owners")) if path.is_dir()} - told
    return {name: usage_of(name) for name in names}


def note_visit(owner: str, new: bool = True) -> None:
    """Notes that one of many is here now; what nobody comes back to may be removed after a time.

    Args:
        new: whether also that of somebody who has nothing here yet.
    """
    if not limited(owner):
        return
    mark = owners.folder(owner) / "seen"
    if not (new or mark.parent.is_dir()):
        return
    with suppress(OSError):
        if time.time() - mark.stat().st_mtime < _SITTING:
            return
    with suppress(OSError):  # on a full disk it counts from the time before
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def _dated(root: Path) -> Iterator[tuple[Path, int]]:
    """What is in a folder, each with when it changed, in ns."""
    with suppress(OSError), os.scandir(root) as entries:
        for entry in entries:
            if not entry.name.startswith("."):
                with suppress(OSError):
                    yield root / entry.name, entry.stat().st_mtime_ns


def _add(taken: Usage, folder: Path) -> None:
    """Counts the folder of a job."""
    changed = folder.stat().st_mtime_ns
    size, digests, busy = _read(folder, changed)
    taken.folders.append(folder)
    taken.digests |= digests
    taken.bytes += size
    taken.busy |= busy
    taken.touched = max(taken.touched, changed / 1e9)


def _add_own(taken: Usage, owner: str) -> None:
    """Counts what is noted of an owner: files that came just now, and models."""
    if owner == LOCAL:
        return
    own = owners.folder(owner)
    for path, changed in _dated(own / "searches"):
        taken.digests |= _named_then(path, changed)
    # A recipe may name any digest: counting the size of another owner's file would reveal that it is here.
    taken.digests = {digest for digest in taken.digests if (own / "files" / digest).exists()}
    taken.digests |= {path.name for path, at in _dated(own / "uploads") if time.time() - at / 1e9 < _UNUSED}
    taken.bytes += sum(_size(path) for name in ("presets", "searches") for path in (own / name).rglob("*"))
    with suppress(OSError):
        taken.touched = max(taken.touched, own.stat().st_mtime, *(at / 1e9 for _, at in _dated(own)))


@lru_cache(maxsize=100_000)
def _read(folder: Path, changed: int) -> tuple[int, frozenset[str], bool]:
    """Of a job's folder as it was then: its bytes, the digests it names, whether it continues."""
    digests = _named_in(folder / "job.json") | _named_in(folder / "outcome.json")
    status = store.Folder(folder).read(Status)
    waits_until_resumed = status is not None and status.state == "queued" and status.paused
    busy = status is not None and status.state not in FINISHED and not waits_until_resumed
    return sum(map(_size, folder.rglob("*"))), digests, busy


@lru_cache(maxsize=100_000)
def _named_then(file: Path, changed: int) -> frozenset[str]:
    """The digests that a file names, as it was then."""
    return _named_in(file)


def _named_in(file: Path) -> frozenset[str]:
    """The digests that a file names; none if it cannot be read."""
    with suppress(OSError, paths.TooLarge):
        return frozenset(one.decode() for one in _NAMED.findall(paths.read(file, store.MOST_BYTES)))
    return frozenset()


def _size(path: Path) -> int:
    """What a file or folder takes: many small ones would fill a disk, too."""
    try:
        return max(path.lstat().st_size, _LEAST)
    except OSError:
        return 0
