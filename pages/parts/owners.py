"""Whose work a page shows."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets

import streamlit as st

from studio.core import paths

LOCAL = "local"
COOKIE = "studio_owner"


def owner() -> str:
    """`local` when the studio serves one person, else a name made of the sign-in or of the visitor's cookie.

    A visitor whose browser keeps no cookie is somebody of their own for as long as the tab is open. Names are
    digests: a made-up cookie can never spell `local` or a signed-in person, and what is kept on disk beside
    the work does not let anybody in.
    """
    if os.environ.get("STUDIO_USERS", "one") == "one":
        return LOCAL
    account = _account(st.user.to_dict())
    if account:
        return f"user-{_digest(account)}"
    secret = st.context.cookies.get(COOKIE) or st.session_state.setdefault(COOKIE, secrets.token_urlsafe(24))
    return f"visitor-{_digest(secret)}"


def note(model: str) -> None:
    """Notes that a kept model is this visitor's own: it shows what it learnt from."""
    if owner() != LOCAL:
        (paths.folder("owners") / model).write_text(owner())


def may_see(model: str) -> bool:
    """Whether a model is for this visitor: shipped, kept by command for all, or their own."""
    if owner() == LOCAL:
        return True
    here = paths.folder("owners") / model
    return not here.is_file() or here.read_text() == owner()


def address(digest: str) -> str:
    """A kept file's digest as the visitor's address carries it.

    Where many share a studio, a tag that only the server can make goes with it: recipes hold digests, and
    whoever learns one must not see what somebody else put in.
    """
    whose = owner()
    if whose == LOCAL:
        return digest
    return f"{digest}.{hmac.digest(_secret(), f'{whose} {digest}'.encode(), 'sha256').hex()}"


def mine(told: str) -> str:
    """The digest that `address` put into this visitor's address; "" for any that it did not."""
    digest = told.partition(".")[0]
    return digest if hmac.compare_digest(address(digest).encode(), told.encode()) else ""


def _secret() -> bytes:
    """What only this server knows, made when it is first needed."""
    path = paths.home() / "secret"
    with paths.locked(paths.folder("owners") / ".lock"):  # or two processes would each make one
        if not path.exists():
            with paths.replacing(path) as temporary:
                temporary.touch(0o600)
                temporary.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()


def _account(claims: dict) -> str:
    """What a provider calls a signed-in person, "" for anybody else.

    An address of mail comes last, since it can change hands and not every provider checks it.
    """
    if not claims.get("is_logged_in"):
        return ""
    if claims.get("sub"):
        return f"{claims.get('iss', '')} {claims['sub']}"
    return str(claims.get("email") or "")


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]
