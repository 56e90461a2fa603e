"""Who asks: whose files and models this thread may see. In a studio for one, everything is `local`.

Whoever runs a task or draws a page says for whom. What a visitor of a studio for many puts in or has made is
noted below STUDIO_HOME/owners/OWNER, and nothing else is theirs: a digest that somebody learned from a recipe
opens nothing, and a name finds no model of another visitor.

    files/SHA256    an empty file for each of the owner's in STUDIO_HOME/files
    uploads/SHA256  an empty file for each of those that the owner brought, as old as the upload
    caches/         which entries of STUDIO_HOME/cache are the owner's, see `studio.core.caches`
    presets/NAME    the models that the owner has kept
    searches/       the owner's searches by preference
    settings/       the settings of forms that the owner has saved
    images.json   the last images that the owner brought
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from studio.core import paths

LOCAL = "local"  # whoever runs the studio, to whom all of it belongs
NOBODY = ""  # to whom nothing belongs

_ASKING: ContextVar[tuple[str, bool] | None] = ContextVar("asking", default=None)  # as `asking` takes them
_SAFE = re.compile(r"[a-z0-9][a-z0-9-]{0,80}")
_otherwise: list[Callable[[], str]] = []  # who asks where no `asking` is open; one at most


def asker() -> str:
    """For whom this thread works; `local` where nobody has said."""
    if (asking := _ASKING.get()) is not None:
        return asking[0]
    return _otherwise[0]() if _otherwise else LOCAL


@contextmanager
def asking(owner: str, makes: bool = False) -> Iterator[None]:
    """While open, this thread works for an owner; one that it starts does not, unless it says so, too.

    Args:
        makes: whether the files that it keeps are made by a task, and are then named by a job or an item;
            else the owner uploads them.
    """
    token = _ASKING.set((owner, makes))
    try:
        yield
    finally:
        _ASKING.reset(token)


def otherwise(tell: Callable[[], str]) -> None:
    """Sets what tells who asks where no `asking` is open: in a server of pages, whoever looks at the page."""
    _otherwise[:] = [tell]


def folder(owner: str) -> Path:
    """Where the notes and models of an owner are, who is not `local`. It may not be there yet."""
    safe = owner if _SAFE.fullmatch(owner) else hashlib.sha256(owner.encode("utf-8", "replace")).hexdigest()
    return paths.folder("owners") / safe


def home(owner: str) -> Path:
    """What holds the folders and notes of an owner: for `local` STUDIO_HOME itself."""
    return paths.home() if owner == LOCAL else folder(owner)


def grant(digest: str) -> None:
    """Makes whoever asks the owner of a kept file, which they uploaded or which was made for them."""
    owner = asker()
    if owner in (LOCAL, NOBODY) or not paths.DIGEST.fullmatch(digest):
        return
    (paths.make(folder(owner) / "files") / digest).touch(0o600)
    asking = _ASKING.get()
    if asking is None or not asking[1]:
        (paths.make(folder(owner) / "uploads") / digest).touch(0o600)


def disown(digest: str) -> None:
    """Makes whoever asks no owner of a file any more, which is gone."""
    owner = asker()
    if owner not in (LOCAL, NOBODY) and paths.DIGEST.fullmatch(digest):
        for notes in ("files", "uploads"):
            (folder(owner) / notes / digest).unlink(missing_ok=True)


def check(digest: str) -> None:
    """Raises `Unavailable` unless the kept file of a digest belongs to whoever asks."""
    if not has(digest):
        raise paths.gone(digest)  # not even that it is there is for anybody else


def has(digest: str) -> bool:
    """Whether the kept file of a digest belongs to whoever asks."""
    owner = asker()
    if owner == LOCAL:
        return True
    known = owner != NOBODY and paths.DIGEST.fullmatch(digest)
    return bool(known) and (folder(owner) / "files" / digest).exists()
