"""Tokens with which programs call the studio: that of whoever runs it, and those of others who share it.

tokens/own      the token of whoever runs the studio, as it is: only that person's account can read it
tokens/SHA256   of each other token that was given out its digest alone, and in the file whose it is
"""

from __future__ import annotations

import hmac
import secrets
from contextlib import suppress
from pathlib import Path

from studio.core import owners, paths
from studio.core.errors import InvalidInput

_OWN = "own"
_BYTES = 32  # of randomness
_MOST = 1000  # bytes of a file here


def own(renew: bool = False) -> str:
    """The token of whoever runs the studio, made the first time that somebody asks for it.

    Args:
        renew: whether a new token replaces the old one, which is no longer accepted.
    """
    path = _folder() / _OWN
    with paths.locked(paths.folder("locks") / "tokens.lock"):
        if not renew and path.is_file() and (found := _text(path)):
            return found
        token = secrets.token_urlsafe(_BYTES)
        paths.write(path, token.encode())
        return token


def give(owner: str) -> str:
    """A new token for one of many. It is told this once; nothing on disk lets anybody in.

    Raises:
        InvalidInput: for the name of nobody, or of whoever runs the studio, whose token is `own`.
    """
    if owner in (owners.LOCAL, owners.NOBODY):
        raise InvalidInput("That is no owner of a shared studio. Look in `studio gallery owners`.")
    token = secrets.token_urlsafe(_BYTES)
    paths.write(_folder() / paths.digest(token.encode()), owner.encode())
    return token


def revoke(owner: str) -> int:
    """Takes all tokens back that an owner was given. Returns how many."""
    given = [path for path in _folder().iterdir() if _is_of(path, owner)]
    for path in given:
        path.unlink(missing_ok=True)
    return len(given)


def has_any(owner: str) -> bool:
    """Whether an owner can still call: they were given a token, or run the studio."""
    return owner == owners.LOCAL or any(_is_of(path, owner) for path in _folder().iterdir())


def owner_of(token: str) -> str | None:
    """Whose a token is; None if it is nobody's."""
    told = token.encode("utf-8", "replace")
    own_path = _folder() / _OWN
    if own_path.is_file() and (kept := _text(own_path)) and hmac.compare_digest(kept.encode(), told):
        return owners.LOCAL
    given = _folder() / paths.digest(told)
    return (_text(given) or None) if given.is_file() else None


def _is_of(path: Path, owner: str) -> bool:
    return bool(paths.DIGEST.fullmatch(path.name)) and _text(path) == owner


def _text(path: Path) -> str:
    with suppress(OSError, ValueError, paths.TooLarge):
        return paths.read(path, _MOST).decode().strip()
    return ""


def _folder() -> Path:
    return paths.folder("tokens")
