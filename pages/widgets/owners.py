"""Whose work a page shows."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from studio.core import owners as library
from studio.core.owners import LOCAL, NOBODY
from studio.core.tasks import File

COOKIE = "studio_owner"
_WHOSE = "whose"
P = ParamSpec("P")
T = TypeVar("T")


def owner() -> str:
    """`local` when the studio serves one person, else a name made of the sign-in or of the visitor's cookie.

    A visitor whose browser keeps no cookie is somebody of their own for as long as the tab is open. Names are
    digests: a made-up cookie can never spell `local` or a signed-in person, and what is kept on disk
    with the work does not let anybody in.
    """
    if os.environ.get("STUDIO_USERS", "one") == "one":
        return LOCAL
    if get_script_run_ctx(suppress_warning=True) is None:
        return NOBODY  # a thread of no page has to say for whom it works
    account = _account(st.user.to_dict())
    if account:
        return f"user-{_digest(account)}"
    secret = st.context.cookies.get(COOKIE) or st.session_state.setdefault(COOKIE, secrets.token_urlsafe(24))
    return f"visitor-{_digest(secret)}"


def start_again_for_another() -> None:
    """Forgets what a tab has in memory if it is somebody else's now. Call it from the frame.

    A tab whose connection was lost comes back by the name of its session, with whatever cookie it has then.
    """
    now = owner()
    if st.session_state.setdefault(_WHOSE, now) != now:
        st.session_state.clear()
        st.session_state[_WHOSE] = now


def mine(told: str) -> str:
    """The digest that an address names, if that file is this visitor's; "" for any other."""
    digest = told.partition(".")[0]  # addresses of before had a tag after it
    return digest if File(digest, "image", "").here else ""


def cached(**how: Any) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """`st.cache_data` for what is made of a kept file, the first argument, or of its digest.

    All who have the file share it; others get what they would without a cache, an `Unavailable`.
    """

    def decorate(make: Callable[P, T]) -> Callable[P, T]:
        kept = st.cache_data(show_spinner=how.pop("show_spinner", False), **how)(make)

        @wraps(make)
        def guarded(*args: P.args, **others: P.kwargs) -> T:
            file = args[0]
            library.check(file.digest if isinstance(file, File) else str(file))
            return kept(*args, **others)

        guarded.clear = kept.clear  # type: ignore[attr-defined]  # as `st.cache_data` has it
        return guarded

    return decorate


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


def _looks() -> str:
    return owner()


library.otherwise(_looks)  # so that the library, too, knows who looks at a page
