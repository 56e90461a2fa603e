"""Quotas of owners who share a studio: disk space and number of jobs; and a floor of free disk space.

A single user has no limits. The limits are environment variables, see docs/serving.md. They are checked when
an owner requests more: a job that has begun is finished, however large its result.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from studio.core import amounts, caches, owners, paths
from studio.core.errors import InsufficientSpace, LimitReached, invalid
from studio.core.owners import LOCAL
from studio.engine.jobs import owner_index, store
from studio.engine.jobs.records import FINISHED, Status

DEFAULTS = {
    "STUDIO_OWNER_DISK": 5.0,
    "STUDIO_OWNER_JOBS": 20.0,
    "STUDIO_FREE_DISK": 1.0,
    "STUDIO_VISITOR_DAYS": 90.0,
    "STUDIO_USER_DAYS": 0.0,
}
UNUSED_DAYS = 7  # after which files that nothing uses are removed
_UNITS = {"DISK": "GB", "JOBS": "jobs", "DAYS": "days"}
_BLOCK_BYTES = 4096  # bytes that a file takes on the disk, however small it is
_VISIT_SECONDS = 3600.0  # after which a visit is noted again
_DIGEST = re.compile(rb"[0-9a-f]{64}")


@dataclass
class Usage:
    """The disk space and jobs of an owner.

    Attributes:
        folders: folders of jobs and items, removed ones included.
        digests: SHA-256 of the files that these name, and of uploads, used or not.
        bytes: the size of all that and of the owner's models.
        cache: the size of cache entries of the owner's files, which are evicted automatically.
        is_busy: whether a job runs, or waits and is not paused.
        last_changed: when any of it last changed, in seconds since 1970.
    """

    folders: list[Path] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)
    bytes: int = 0
    cache: int = 0
    is_busy: bool = False
    last_changed: float = 0.0


def read_limit(name: str) -> float:
    """Returns a limit from the environment; infinity for 0.

    Raises:
        InvalidInput: if the variable is not a number of at least 0.
    """
    text = os.environ.get(name, "").strip()
    try:
        value = float(text) if text else DEFAULTS[name]
        if not 0 <= value < math.inf:
            raise ValueError
    except ValueError:
        expected = f"a number of {_UNITS[name.rpartition('_')[2]]}, 0 for no limit"
        step = "correct it and start the studio again"
        raise invalid(name, expected=expected, received=text, next_step=step) from None
    return value or math.inf


def has_limits(owner: str) -> bool:
    """Returns whether limits apply: to every owner of a shared studio but the user who runs it."""
    return owner != LOCAL and os.environ.get("STUDIO_USERS", "one") != "one"


def get_disk_quota(owner: str) -> float:
    """Returns how many bytes of disk space an owner may use."""
    return read_limit("STUDIO_OWNER_DISK") * 10**9 if has_limits(owner) else math.inf


def check_free_disk(owner: str, more_bytes: int = 0) -> None:
    """Raises `InsufficientSpace` if the disk has too little free space for any visitor's work.

    Visitors are many, and each new one has a new quota, so their quotas together may exceed the disk.

    Args:
        owner: who needs the space; for the user who runs the studio, nothing is checked.
        more_bytes: needed space.
    """
    floor = read_limit("STUDIO_FREE_DISK") * 10**9 if has_limits(owner) else math.inf
    if floor < math.inf and shutil.disk_usage(paths.ensure_home()).free - more_bytes < floor:
        raise InsufficientSpace(
            "The disk of this studio is almost full, so it takes no more uploads and jobs. "
            "Try again later, or tell whoever runs the studio."
        )


def check_disk_quota(owner: str, more_bytes: int = 0) -> None:
    """Raises `InsufficientSpace` if an owner's work exceeds its disk quota, or would with `more_bytes` bytes.

    Also raises it if the disk is almost full. The owner's cache may use the rest of the quota; entries beyond
    that are evicted now.
    """
    check_free_disk(owner, more_bytes)
    quota = get_disk_quota(owner)
    if quota == math.inf:
        return
    used_bytes = evict_cache(owner, more_bytes)
    if used_bytes + more_bytes > quota:
        used, most = amounts.format_bytes(used_bytes), amounts.format_bytes(quota)
        raise InsufficientSpace(
            f"Your work takes {used} in this studio, where each may take {most}. "
            "Remove in the gallery what you no longer need, there also for good. "
            f"Uploads that nothing uses are removed after {UNUSED_DAYS} days."
        )


def evict_cache(owner: str, more_bytes: int = 0) -> int:
    """Evicts cache entries of an owner that exceed the disk space left by their work and `more_bytes` bytes.

    Returns:
        The bytes that the owner's work takes.
    """
    used_bytes = measure_usage(owner).bytes
    caches.evict(owner, max(0.0, get_disk_quota(owner) - used_bytes - more_bytes))
    return used_bytes


def check_jobs(owner: str, unfinished_count: int, new_count: int = 1) -> None:
    """Raises `LimitReached` if `new_count` jobs would exceed an owner's limit of unfinished jobs."""
    limit = read_limit("STUDIO_OWNER_JOBS") if has_limits(owner) else math.inf
    if new_count > 1 and unfinished_count + new_count > limit:
        raise LimitReached(
            f"These are {new_count:,} jobs; {unfinished_count:,} of yours wait or run, and each may have "
            f"{limit:,.0f} at once in this studio. Ask for fewer, or wait until some have ended."
        )
    if new_count and unfinished_count + new_count > limit:
        raise LimitReached(
            f"{unfinished_count:,} of your jobs wait or run, as many as each may have in this studio. "
            "Wait until one has ended, or stop one."
        )


def measure_usage(owner: str) -> Usage:
    """Returns the usage of one owner. Reads no files of other owners."""
    usage = Usage()
    for folder in owner_index.list_folders(owner):
        with suppress(OSError):  # removed meanwhile
            _add_job_folder(usage, folder)
    _add_owner_data(usage, owner)
    usage.cache = caches.measure_used_bytes(owner)
    usage.bytes += sum(
        _measure_disk_bytes(paths.ensure_home() / "files" / digest) for digest in usage.digests
    )
    return usage


def measure_usage_by_owner() -> dict[str, Usage]:
    """Returns the usage of all owners, by name."""
    names = owner_index.list_owners()
    folders = {owners.folder(name).name for name in names}
    names |= {
        path.name for path, _ in _list_dated_entries(paths.ensure_folder("owners")) if path.is_dir()
    } - folders
    return {name: measure_usage(name) for name in names}


def record_visit(owner: str, record_new: bool = True) -> None:
    """Records that an owner is here now, because work of absent owners may be removed after a time.

    Args:
        record_new: whether to also record owners who have nothing here yet.
    """
    if not has_limits(owner):
        return
    visit_file = owners.folder(owner) / "seen"
    if not (record_new or visit_file.parent.is_dir()):
        return
    with suppress(OSError):
        if time.time() - visit_file.stat().st_mtime < _VISIT_SECONDS:
            return
    with suppress(OSError):  # on a full disk, the previous visit counts
        visit_file.parent.mkdir(parents=True, exist_ok=True)
        visit_file.touch()


def _list_dated_entries(root: Path) -> Iterator[tuple[Path, int]]:
    """Yields the entries of a folder with their modification time in ns; none if it is missing."""
    with suppress(OSError), os.scandir(root) as entries:
        for entry in entries:
            if not entry.name.startswith("."):
                with suppress(OSError):
                    yield root / entry.name, entry.stat().st_mtime_ns


def _add_job_folder(usage: Usage, folder: Path) -> None:
    """Adds the folder of a job to a usage."""
    modified = folder.stat().st_mtime_ns
    size, digests, is_busy = _read_job_usage(folder, modified)
    usage.folders.append(folder)
    usage.digests |= digests
    usage.bytes += size
    usage.is_busy |= is_busy
    usage.last_changed = max(usage.last_changed, modified / 1e9)


def _add_owner_data(usage: Usage, owner: str) -> None:
    """Adds what an owner has besides jobs to a usage: uploads, models and searches."""
    if owner == LOCAL:
        return
    owner_folder = owners.folder(owner)
    for path, changed in _list_dated_entries(owner_folder / "searches"):
        usage.digests |= _read_digests_cached(path, changed)
    # A recipe may name any digest: counting the size of another owner's file would reveal that it is here.
    usage.digests = {digest for digest in usage.digests if (owner_folder / "files" / digest).exists()}
    # As long as they exist, because free uploads could fill the disk in the days until they are removed.
    usage.digests |= {path.name for path, _ in _list_dated_entries(owner_folder / "uploads")}
    usage.bytes += sum(
        _measure_disk_bytes(path)
        for name in ("presets", "searches")
        for path in (owner_folder / name).rglob("*")
    )
    with suppress(OSError):
        usage.last_changed = max(
            usage.last_changed,
            owner_folder.stat().st_mtime,
            *(modified / 1e9 for _, modified in _list_dated_entries(owner_folder)),
        )


@lru_cache(maxsize=100_000)
def _read_job_usage(folder: Path, _modified: int) -> tuple[int, frozenset[str], bool]:
    """Returns the bytes of a job's folder, the digests it names, and whether the job is unfinished.

    Cached by the folder's modification time.
    """
    digests = _read_digests(folder / "job.json") | _read_digests(folder / "outcome.json")
    status = store.Folder(folder).read(Status)
    waits_until_resumed = status is not None and status.state == "queued" and status.paused
    is_busy = status is not None and status.state not in FINISHED and not waits_until_resumed
    return sum(map(_measure_disk_bytes, folder.rglob("*"))), digests, is_busy


@lru_cache(maxsize=100_000)
def _read_digests_cached(file: Path, _modified: int) -> frozenset[str]:
    """Returns the digests that a file names; cached by its modification time."""
    return _read_digests(file)


def _read_digests(file: Path) -> frozenset[str]:
    """Returns the digests that a file names; none if it cannot be read."""
    with suppress(OSError, paths.TooLarge):
        return frozenset(match.decode() for match in _DIGEST.findall(paths.read(file, store.MAX_BYTES)))
    return frozenset()


def _measure_disk_bytes(path: Path) -> int:
    """Returns the bytes that a file or folder takes on the disk, at least a block."""
    try:
        return max(path.lstat().st_size, _BLOCK_BYTES)
    except OSError:
        return 0
