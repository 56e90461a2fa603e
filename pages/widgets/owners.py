"""The owner of the work that a page shows."""

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
_OWNER = "whose"
P = ParamSpec("P")
T = TypeVar("T")


def owner() -> str:
    """Returns `local` when the studio serves one user, else a name made from the sign-in or the cookie.

    Without cookies, a visitor has an own name while the tab is open. Names are hashes: a forged cookie
    can never yield `local` or a signed-in user, and the names stored with the work give nobody access.
    """
    if os.environ.get("STUDIO_USERS", "one") == "one":
        return LOCAL
    if get_script_run_ctx(suppress_warning=True) is None:
        return NOBODY  # A thread outside a page must set its owner itself.
    account = _account(st.user.to_dict())
    if account:
        return f"user-{_digest(account)}"
    secret = st.context.cookies.get(COOKIE) or st.session_state.setdefault(COOKIE, secrets.token_urlsafe(24))
    return f"visitor-{_digest(secret)}"


def reset_for_new_owner() -> None:
    """Clears the session of a tab when its owner changed. Call it from the frame.

    A tab that reconnects keeps its session, but may have another cookie by then.
    """
    current_owner = owner()
    if st.session_state.setdefault(_OWNER, current_owner) != current_owner:
        st.session_state.clear()
        st.session_state[_OWNER] = current_owner


def own_digest(name: str) -> str:
    """Returns the SHA-256 that an address names if the file belongs to this visitor, else ""."""
    digest = name.partition(".")[0]  # Older addresses have a tag after it.
    return digest if File(digest, "image", "").is_available else ""


def cached(**options: Any) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """`st.cache_data` for functions whose first argument is a stored file or its SHA-256.

    All owners of the file share the cache; for others the call raises `Unavailable`, as without a cache.

    Args:
        options: of `st.cache_data`.
    """

    def decorate(make: Callable[P, T]) -> Callable[P, T]:
        cached_make = st.cache_data(show_spinner=options.pop("show_spinner", False), **options)(make)

        @wraps(make)
        def guarded(*args: P.args, **others: P.kwargs) -> T:
            file = args[0]
            library.check(file.digest if isinstance(file, File) else str(file))
            return cached_make(*args, **others)

        guarded.clear = cached_make.clear  # type: ignore[attr-defined]  # as `st.cache_data` has it
        return guarded

    return decorate


def _account(claims: dict) -> str:
    """Returns the identity of a signed-in user, or "" without a sign-in.

    The email address comes last: it can change hands, and not every provider verifies it.
    """
    if not claims.get("is_logged_in"):
        return ""
    if claims.get("sub"):
        return f"{claims.get('iss', '')} {claims['sub']}"
    return str(claims.get("email") or "")


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _current_owner() -> str:
    return owner()


library.set_default(_current_owner)  # so that the library, too, knows who looks at a page
