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

_OWN_NAME = "own"
_RANDOM_BYTES = 32  # of a token
_MAX_BYTES = 1000  # of a file in this folder


def ensure_own(renew: bool = False) -> str:
    """Returns the token of the user who runs the studio, and creates it on first use.

    Args:
        renew: whether to replace the token by a new one; the old one is then no longer accepted.
    """
    path = _token_folder() / _OWN_NAME
    with paths.locked(paths.ensure_folder("locks") / "tokens.lock"):
        if not renew and path.is_file() and (saved := _read_text(path)):
            return saved
        token = secrets.token_urlsafe(_RANDOM_BYTES)
        paths.write(path, token.encode())
        return token


def create(owner: str) -> str:
    """Creates a token for an owner and returns it. It cannot be read again: only its SHA-256 is stored.

    Raises:
        InvalidInput: for NOBODY and for LOCAL, whose token is `ensure_own`.
    """
    if owner in (owners.LOCAL, owners.NOBODY):
        raise InvalidInput("That is no owner of a shared studio. Look in `studio gallery owners`.")
    token = secrets.token_urlsafe(_RANDOM_BYTES)
    paths.write(_token_folder() / paths.digest(token.encode()), owner.encode())
    return token


def revoke(owner: str) -> int:
    """Revokes all tokens of an owner. Returns the number of tokens."""
    token_files = [path for path in _token_folder().iterdir() if _belongs_to(path, owner)]
    for path in token_files:
        path.unlink(missing_ok=True)
    return len(token_files)


def has_token(owner: str) -> bool:
    """Returns whether an owner has a valid token; always for LOCAL."""
    return owner == owners.LOCAL or any(_belongs_to(path, owner) for path in _token_folder().iterdir())


def find_owner(token: str) -> str | None:
    """Returns the owner of a token; None if it is invalid."""
    data = token.encode("utf-8", "replace")
    own_path = _token_folder() / _OWN_NAME
    if (
        own_path.is_file()
        and (own_token := _read_text(own_path))
        and hmac.compare_digest(own_token.encode(), data)
    ):
        return owners.LOCAL
    token_file = _token_folder() / paths.digest(data)
    return (_read_text(token_file) or None) if token_file.is_file() else None


def _belongs_to(path: Path, owner: str) -> bool:
    """Returns whether a file in the folder is a token of an owner."""
    return bool(paths.DIGEST_PATTERN.fullmatch(path.name)) and _read_text(path) == owner


def _read_text(path: Path) -> str:
    """Returns the text of a file; "" if it is missing, damaged or too large."""
    with suppress(OSError, ValueError, paths.TooLarge):
        return paths.read(path, _MAX_BYTES).decode().strip()
    return ""


def _token_folder() -> Path:
    return paths.ensure_folder("tokens")
