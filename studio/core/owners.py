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

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from studio.core import paths

LOCAL = "local"  # the user who runs the studio and owns everything in it
NOBODY = ""  # owns nothing

# The arguments of `acting_as`.
_CURRENT: ContextVar[tuple[str, bool] | None] = ContextVar("current_owner", default=None)
_SAFE = re.compile(r"[a-z0-9][a-z0-9-]{0,80}")
_default: list[Callable[[], str]] = []  # at most one; returns the owner outside of `acting_as`


def current() -> str:
    """Returns the current owner of this thread; `local` by default."""
    if (acting := _CURRENT.get()) is not None:
        return acting[0]
    return _default[0]() if _default else LOCAL


@contextmanager
def acting_as(owner: str, makes: bool = False) -> Iterator[None]:
    """Sets the current owner of this thread while open. Threads that it starts do not inherit it.

    Args:
        owner: the owner.
        makes: whether stored files are results of a task, which a job or an item names; otherwise they count
            as uploads.
    """
    token = _CURRENT.set((owner, makes))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def set_default(tell: Callable[[], str]) -> None:
    """Sets the function that returns the owner outside of `acting_as`, e.g. the visitor of a page."""
    _default[:] = [tell]


def folder(owner: str) -> Path:
    """Returns the folder of an owner other than `local`. It may not exist yet."""
    safe = owner if _SAFE.fullmatch(owner) else hashlib.sha256(owner.encode("utf-8", "replace")).hexdigest()
    return paths.folder("owners") / safe


def home(owner: str) -> Path:
    """Returns the folder of any owner: for `local` STUDIO_HOME itself."""
    return paths.home() if owner == LOCAL else folder(owner)


def grant(digest: str) -> None:
    """Records the current owner as an owner of a stored file."""
    owner = current()
    if owner in (LOCAL, NOBODY) or not paths.DIGEST.fullmatch(digest):
        return
    (paths.make(folder(owner) / "files") / digest).touch(0o600)
    acting = _CURRENT.get()
    if acting is None or not acting[1]:
        (paths.make(folder(owner) / "uploads") / digest).touch(0o600)


def disown(digest: str) -> None:
    """Removes the current owner's record of a file that was removed."""
    owner = current()
    if owner not in (LOCAL, NOBODY) and paths.DIGEST.fullmatch(digest):
        for notes in ("files", "uploads"):
            (folder(owner) / notes / digest).unlink(missing_ok=True)


def check(digest: str) -> None:
    """Raises `Unavailable` unless the stored file belongs to the current owner."""
    if not has(digest):
        raise paths.missing_error(digest)  # others must not learn whether it exists


def has(digest: str) -> bool:
    """Returns whether the stored file belongs to the current owner."""
    owner = current()
    if owner == LOCAL:
        return True
    may_own = owner != NOBODY and paths.DIGEST.fullmatch(digest)
    return bool(may_own) and (folder(owner) / "files" / digest).exists()
