"""The users of a shared studio: disk usage of each, and removal of data after long absence."""

from __future__ import annotations

import logging
import math
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from studio.core import caches, clock, owners, paths, tokens
from studio.core.errors import InvalidInput, unknown
from studio.engine import quotas
from studio.engine.jobs import store
from studio.engine.quotas import Usage
from studio.gallery import disk_usage, index
from studio.gallery.items import LOCAL

_FIRST_RUN_FILE = ".began"  # in the folder of owners; its date is that of the first `remove_absent`
_CLOCK_FILE = ".clock"  # next to it; has the trusted time
log = logging.getLogger("studio.gallery")


@dataclass(frozen=True)
class Owner:
    """A user with data here.

    Attributes:
        name: `local`, `user-...` for a signed-in user, `visitor-...` for a browser with the cookie.
        items: number of items in the gallery.
        bytes: size of all data and of their part of the cache; a shared file counts for each.
        last_changed: time of the last change or visit, in seconds since 1970.
    """

    name: str
    items: int
    bytes: int
    last_changed: float


def list_owners() -> list[Owner]:
    """Returns all users with data here, the largest first."""
    owner_list = [_make_owner(name, usage) for name, usage in quotas.measure_usage_by_owner().items()]
    return sorted(owner_list, key=lambda owner: -owner.bytes)


def _make_owner(name: str, usage: Usage) -> Owner:
    items = index.find(owner=name, limit=0)[1]
    return Owner(name, items, usage.bytes + usage.cache, usage.last_changed)


def validate(name: str) -> str:
    """Returns the name of an owner. Raises `InvalidInput` unless they have data here or are `local`."""
    if name != LOCAL and name not in (known_owners := quotas.measure_usage_by_owner()):
        raise unknown("owner", name, known_owners, "look in `studio gallery owners`")
    return name


def retention_days(name: str) -> float:
    """Returns after how many days without a visit an owner's data are removed; infinite for never."""
    if name.startswith("visitor-"):
        return quotas.read_limit("STUDIO_VISITOR_DAYS")
    return quotas.read_limit("STUDIO_USER_DAYS") if name.startswith("user-") else math.inf


def remove_absent() -> list[str]:
    """Removes the data of users who were absent for `retention_days`, then files that nobody uses.

    Applies to shared studios only; a studio of one user removes nothing by itself. A clock that is suddenly
    ahead removes nothing, see `studio.core.clock`.

    Returns:
        Names of the owners whose data were removed.

    Raises:
        InvalidInput: if an environment variable is not a number of days; then nothing is removed.
    """
    now = clock.update_trusted_time(paths.ensure_folder("owners") / _CLOCK_FILE)
    first_run_time, removed_names = _read_first_run_time(), []
    for name, usage in quotas.measure_usage_by_owner().items():
        # Without a recorded visit, count from when visits were first recorded.
        has_visit = (owners.folder(name) / "seen").exists()
        last_changed = max(usage.last_changed, 0 if has_visit else first_run_time)
        if (
            quotas.has_limits(name)
            and not usage.is_busy
            and now - last_changed > retention_days(name) * disk_usage.DAY_SECONDS
        ):
            log.info("%s has not come for long", name)
            _remove_data(name, usage)
            removed_names.append(name)
    for name in quotas.measure_usage_by_owner():
        quotas.evict_cache(name)
    disk_usage.free_unused(quotas.UNUSED_DAYS * disk_usage.DAY_SECONDS + max(0.0, time.time() - now))
    return removed_names


def remove(name: str) -> Owner:
    """Removes all data of a user permanently: results, uploads, models, settings and tokens.

    Also removes files that nobody else uses: those of the last day with the next `remove_absent`, others now.

    Returns:
        The removed owner.

    Raises:
        InvalidInput: if there is no such owner, it is `local`, or one of their jobs is active.
    """
    validate(name)
    if name == LOCAL:
        raise InvalidInput(
            f"{LOCAL} is the user who runs the studio. "
            f"Stop the studio and delete {paths.ensure_home()}, which holds all data."
        )
    usage = quotas.measure_usage(name)
    if usage.is_busy:
        raise InvalidInput(f"A job of {name} is waiting or running. Try again when it has ended.")
    owner = _make_owner(name, usage)
    _remove_data(name, usage)
    disk_usage.free_unused(0)
    return owner


def _read_first_run_time() -> float:
    """Returns the time of the first `remove_absent` in seconds since 1970; records it on the first call."""
    file = paths.ensure_folder("owners") / _FIRST_RUN_FILE
    if not file.exists():
        paths.write(file, b"")
    return file.stat().st_mtime


def _remove_data(name: str, usage: Usage) -> None:
    """Removes the tokens, cache entries and folders of an owner."""
    tokens.revoke(name)  # first, so that no program adds data meanwhile
    caches.evict(name, 0)
    for folder in usage.folders:
        _delete_folder(folder)
    if owners.folder(name).is_dir():
        shutil.rmtree(owners.folder(name), ignore_errors=True)
    log.info("the work of %s is removed: %d folders", name, len(usage.folders))


def _delete_folder(folder: Path) -> None:
    """Deletes the folder of a job or item. An error is only logged."""
    try:
        store.Folder(folder).remove()
    except OSError as error:
        log.warning("%s could not be removed: %s", folder.name, error)
