"""Those who share a studio: what each one's work takes, and what goes when nobody comes back to it."""

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

UNNAMED_DAYS = 7
_BEGAN = ".began"  # in the folder of owners: when this was done first
_CLOCK = ".clock"  # next to it: the time as far as it is trusted
log = logging.getLogger("studio.gallery")


@dataclass(frozen=True)
class Owner:
    """One who has work here.

    Attributes:
        name: `local`, `user-...` of somebody who signed in, `visitor-...` of a browser that has the cookie.
        items: in the gallery.
        bytes: of all their work and their part of the cache; a file that several have counts for each.
        touched: when any of it last changed or they last came, in seconds since 1970.
    """

    name: str
    items: int
    bytes: int
    touched: float


def everybody() -> list[Owner]:
    """All who have work here, the largest first."""
    found = [
        Owner(name, index.find(owner=name, most=0)[1], taken.bytes + taken.cache, taken.touched)
        for name, taken in quotas.everybody().items()
    ]
    return sorted(found, key=lambda owner: -owner.bytes)


def checked(name: str) -> str:
    """The name, if such an owner has work here; `local` has a place in any case. Raises `InvalidInput`."""
    if name != LOCAL and name not in (known := quotas.everybody()):
        raise unknown("owner", name, known, "look in `studio gallery owners`")
    return name


def days(name: str) -> float:
    """After how many days without a visit an owner's work goes; infinite for never."""
    if name.startswith("visitor-"):
        return quotas.number("STUDIO_VISITOR_DAYS")
    return quotas.number("STUDIO_USER_DAYS") if name.startswith("user-") else math.inf


def tidy() -> list[str]:
    """Removes the work of those who have not come for so many days, then files that nobody's work names.

    For a studio for many alone: what is one person's never goes by itself. A clock that is suddenly ahead
    removes nothing, see `studio.core.clock`.

    Returns:
        Whose work went.

    Raises:
        InvalidInput: if the environment has no number of days; then nothing goes.
    """
    now = clock.trusted_time(paths.folder("owners") / _CLOCK)
    since, gone = _since(), []
    for name, taken in quotas.everybody().items():
        # One whose visits were never noted was here, as far as is known, until they began to be.
        noted = (owners.folder(name) / "seen").exists()
        touched = max(taken.touched, 0 if noted else since)
        if quotas.limited(name) and not taken.busy and now - touched > days(name) * disk_usage.DAY:
            log.info("%s has not come for long", name)
            _remove(name, taken)
            gone.append(name)
    for name in quotas.everybody():
        quotas.evict_cache(name)
    disk_usage.free_unnamed(UNNAMED_DAYS * disk_usage.DAY + max(0.0, time.time() - now))
    return gone


def remove(name: str) -> Owner:
    """Removes all that one of many has here, for good: results, uploads, models, settings and tokens.

    Files that nobody else's work names go, too: those of the last day with the next `tidy`, the rest at once.

    Returns:
        Who it was.

    Raises:
        InvalidInput: if there is no such owner, if it is whoever runs the studio, or while their job runs.
    """
    checked(name)
    if name == LOCAL:
        raise InvalidInput(
            f"{LOCAL} is the user who runs the studio. "
            f"Stop the studio and delete {paths.home()}, which holds all data."
        )
    taken = quotas.usage_of(name)
    if taken.busy:
        raise InvalidInput(f"A job of {name} is waiting or running. Try again when it has ended.")
    gone = Owner(name, index.find(owner=name, most=0)[1], taken.bytes + taken.cache, taken.touched)
    _remove(name, taken)
    disk_usage.free_unnamed(0)
    return gone


def _since() -> float:
    mark = paths.folder("owners") / _BEGAN
    if not mark.exists():
        paths.write(mark, b"")
    return mark.stat().st_mtime


def _remove(name: str, taken: Usage) -> None:
    tokens.revoke(name)  # first: nobody shall add to what is being removed
    caches.evict(name, 0)
    for folder in taken.folders:
        _away(folder)
    if owners.folder(name).is_dir():
        shutil.rmtree(owners.folder(name), ignore_errors=True)
    log.info("the work of %s is removed: %d folders", name, len(taken.folders))


def _away(folder: Path) -> None:
    try:
        store.Folder(folder).remove()
    except OSError as error:
        log.warning("%s could not be removed: %s", folder.name, error)
