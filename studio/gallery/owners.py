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

UNUSED_DAYS = 7
_BEGAN = ".began"  # file in the folder of owners; its date is that of the first `tidy`
_CLOCK = ".clock"  # file next to it with the trusted time
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
    accounts = [
        Owner(name, index.find(owner=name, most=0)[1], usage.bytes + usage.cache, usage.last_changed)
        for name, usage in quotas.usage_by_owner().items()
    ]
    return sorted(accounts, key=lambda owner: -owner.bytes)


def validate(name: str) -> str:
    """Returns the name of an owner. Raises `InvalidInput` unless they have data here or are `local`."""
    if name != LOCAL and name not in (owners_here := quotas.usage_by_owner()):
        raise unknown("owner", name, owners_here, "look in `studio gallery owners`")
    return name


def days(name: str) -> float:
    """Returns after how many days without a visit an owner's data are removed; infinite for never."""
    if name.startswith("visitor-"):
        return quotas.limit_of("STUDIO_VISITOR_DAYS")
    return quotas.limit_of("STUDIO_USER_DAYS") if name.startswith("user-") else math.inf


def tidy() -> list[str]:
    """Removes the data of users who were absent for `days`, then files that nobody uses.

    Applies to shared studios only; a studio of one user removes nothing by itself. A clock that is suddenly
    ahead removes nothing, see `studio.core.clock`.

    Returns:
        Names of the owners whose data were removed.

    Raises:
        InvalidInput: if an environment variable is not a number of days; then nothing is removed.
    """
    now = clock.trusted_time(paths.folder("owners") / _CLOCK)
    since, removed = _since(), []
    for name, usage in quotas.usage_by_owner().items():
        # Without a recorded visit, count from when visits were first recorded.
        has_visit = (owners.folder(name) / "seen").exists()
        last_changed = max(usage.last_changed, 0 if has_visit else since)
        if quotas.has_limits(name) and not usage.busy and now - last_changed > days(name) * disk_usage.DAY:
            log.info("%s has not come for long", name)
            _remove(name, usage)
            removed.append(name)
    for name in quotas.usage_by_owner():
        quotas.evict_cache(name)
    disk_usage.free_unused(UNUSED_DAYS * disk_usage.DAY + max(0.0, time.time() - now))
    return removed


def remove(name: str) -> Owner:
    """Removes all data of a user permanently: results, uploads, models, settings and tokens.

    Also removes files that nobody else uses, those of the last day with the next `tidy`, others at once.

    Returns:
        The removed owner.

    Raises:
        InvalidInput: if there is no such owner, it is `local`, or one of their jobs is active.
    """
    validate(name)
    if name == LOCAL:
        raise InvalidInput(
            f"{LOCAL} is the user who runs the studio. "
            f"Stop the studio and delete {paths.home()}, which holds all data."
        )
    usage = quotas.usage_of(name)
    if usage.busy:
        raise InvalidInput(f"A job of {name} is waiting or running. Try again when it has ended.")
    owner = Owner(name, index.find(owner=name, most=0)[1], usage.bytes + usage.cache, usage.last_changed)
    _remove(name, usage)
    disk_usage.free_unused(0)
    return owner


def _since() -> float:
    mark = paths.folder("owners") / _BEGAN
    if not mark.exists():
        paths.write(mark, b"")
    return mark.stat().st_mtime


def _remove(name: str, usage: Usage) -> None:
    tokens.revoke(name)  # first, so that no program adds data meanwhile
    caches.evict(name, 0)
    for folder in usage.folders:
        _delete(folder)
    if owners.folder(name).is_dir():
        shutil.rmtree(owners.folder(name), ignore_errors=True)
    log.info("the work of %s is removed: %d folders", name, len(usage.folders))


def _delete(folder: Path) -> None:
    try:
        store.Folder(folder).remove()
    except OSError as error:
        log.warning("%s could not be removed: %s", folder.name, error)
