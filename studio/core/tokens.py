"""API tokens: that of the user who runs the studio, and those of other owners.

tokens/own      the token of the user who runs the studio, in plain text, readable only for their account
tokens/SHA256   contains the owner of another token, which is stored only as its SHA-256
"""

from __future__ import annotations

import hmac
import secrets
from contextlib import suppress
from pathlib import Path

from studio.core import owners, paths
from studio.core.errors import InvalidInput

_OWN = "own"
_BYTES = 32  # random bytes of a token
_MOST = 1000  # bytes of a file in this folder


def own(renew: bool = False) -> str:
    """Returns the token of the user who runs the studio, created on first use.

    Args:
        renew: whether to replace the token by a new one; the old one is then no longer accepted.
    """
    path = _folder() / _OWN
    with paths.locked(paths.folder("locks") / "tokens.lock"):
        if not renew and path.is_file() and (saved := _text(path)):
            return saved
        token = secrets.token_urlsafe(_BYTES)
        paths.write(path, token.encode())
        return token


def give(owner: str) -> str:
    """Creates a token for an owner and returns it. It cannot be read again: only its SHA-256 is stored.

    Raises:
        InvalidInput: for NOBODY and for LOCAL, whose token is `own`.
    """
    if owner in (owners.LOCAL, owners.NOBODY):
        raise InvalidInput("That is no owner of a shared studio. Look in `studio gallery owners`.")
    token = secrets.token_urlsafe(_BYTES)
    paths.write(_folder() / paths.digest(token.encode()), owner.encode())
    return token


def revoke(owner: str) -> int:
    """Revokes all tokens of an owner. Returns how many."""
    token_files = [path for path in _folder().iterdir() if _is_of(path, owner)]
    for path in token_files:
        path.unlink(missing_ok=True)
    return len(token_files)


def has_any(owner: str) -> bool:
    """Returns whether an owner has a valid token; always for LOCAL."""
    return owner == owners.LOCAL or any(_is_of(path, owner) for path in _folder().iterdir())


def owner_of(token: str) -> str | None:
    """Returns the owner of a token; None if it is invalid."""
    data = token.encode("utf-8", "replace")
    own_path = _folder() / _OWN
    if (
        own_path.is_file()
        and (own_token := _text(own_path))
        and hmac.compare_digest(own_token.encode(), data)
    ):
        return owners.LOCAL
    token_file = _folder() / paths.digest(data)
    return (_text(token_file) or None) if token_file.is_file() else None


def _is_of(path: Path, owner: str) -> bool:
    return bool(paths.DIGEST.fullmatch(path.name)) and _text(path) == owner


def _text(path: Path) -> str:
    with suppress(OSError, ValueError, paths.TooLarge):
        return paths.read(path, _MOST).decode().strip()
    return ""


def _folder() -> Path:
    return paths.folder("tokens")
