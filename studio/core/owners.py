"""The current owner, whose files and models this thread may use. With a single user, it is always `local`.

Code that runs a task or draws a page sets the owner. Uploads and results of a visitor of a shared studio are
recorded below STUDIO_HOME/owners/OWNER, and visitors can use nothing else: a SHA-256 from a recipe opens no
file of others, and a name finds no model of others.

    files/SHA256    an empty file for each of the owner's files in STUDIO_HOME/files
    uploads/SHA256  an empty file for each upload of the owner, as old as the upload
    caches/         the owner's entries in STUDIO_HOME/cache, see `studio.core.caches`
    presets/NAME    the owner's models
    searches/       the owner's searches by preference
    settings/       the owner's saved form settings
    images.json     the owner's last images
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from studio.core import paths

LOCAL = "local"  # the user who runs the studio and owns everything in it
NOBODY = ""  # owns nothing

# The arguments of `acting_as`; None outside of it.
_CURRENT_OWNER: ContextVar[tuple[str, bool] | None] = ContextVar("current_owner", default=None)
_SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,80}")
_default_owner: list[Callable[[], str]] = []  # at most one; returns the owner outside of `acting_as`


def get_current() -> str:
    """Returns the current owner of this thread; `local` by default."""
    if (acting_owner := _CURRENT_OWNER.get()) is not None:
        return acting_owner[0]
    return _default_owner[0]() if _default_owner else LOCAL


@contextmanager
def acting_as(owner: str, makes_results: bool = False) -> Iterator[None]:
    """Sets the current owner of this thread while open. Threads that it starts do not inherit it.

    Args:
        owner: the owner.
        makes_results: whether stored files are results of a task, which a job or an item names; otherwise
            they count as uploads.
    """
    token = _CURRENT_OWNER.set((owner, makes_results))
    try:
        yield
    finally:
        _CURRENT_OWNER.reset(token)


def set_default_owner(get_owner: Callable[[], str]) -> None:
    """Sets the function that returns the owner outside of `acting_as`, e.g. the visitor of a page."""
    _default_owner[:] = [get_owner]


def folder(owner: str) -> Path:
    """Returns the folder of an owner other than `local`. It may not exist yet."""
    if not _SAFE_NAME.fullmatch(owner):
        owner = paths.digest(owner.encode("utf-8", "replace"))
    return paths.ensure_folder("owners") / owner


def home_of(owner: str) -> Path:
    """Returns the folder of any owner: for `local` STUDIO_HOME itself."""
    return paths.ensure_home() if owner == LOCAL else folder(owner)


def grant(digest: str) -> None:
    """Records the current owner as an owner of a stored file."""
    owner = get_current()
    if owner in (LOCAL, NOBODY) or not paths.DIGEST_PATTERN.fullmatch(digest):
        return
    (paths.make_folder(folder(owner) / "files") / digest).touch(0o600)
    acting_owner = _CURRENT_OWNER.get()
    if acting_owner is None or not acting_owner[1]:
        (paths.make_folder(folder(owner) / "uploads") / digest).touch(0o600)


def revoke(digest: str) -> None:
    """Removes the current owner's record of a file that was removed."""
    owner = get_current()
    if owner not in (LOCAL, NOBODY) and paths.DIGEST_PATTERN.fullmatch(digest):
        for subfolder in ("files", "uploads"):
            (folder(owner) / subfolder / digest).unlink(missing_ok=True)


def require_ownership(digest: str) -> None:
    """Raises `Unavailable` unless the stored file belongs to the current owner."""
    if not owns(digest):
        raise paths.missing_error(digest)  # others must not learn whether it exists


def owns(digest: str) -> bool:
    """Returns whether the stored file belongs to the current owner."""
    owner = get_current()
    if owner == LOCAL:
        return True
    may_own = owner != NOBODY and paths.DIGEST_PATTERN.fullmatch(digest)
    return bool(may_own) and (folder(owner) / "files" / digest).exists()
