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

from studio.core import owners as core_owners
from studio.core.owners import LOCAL, NOBODY
from studio.core.tasks import File

COOKIE = "studio_owner"
_OWNER_KEY = "whose"
P = ParamSpec("P")
T = TypeVar("T")


def get_owner() -> str:
    """Returns `LOCAL` if the studio serves one user, else a name derived from the sign-in or the cookie.

    Without cookies, a visitor has a name of their own while the tab is open. Names are hashes: a forged
    cookie can never yield `local` or a signed-in user, and the names stored with the work give nobody access.
    """
    if os.environ.get("STUDIO_USERS", "one") == "one":
        return LOCAL
    if get_script_run_ctx(suppress_warning=True) is None:
        return NOBODY  # A thread outside a page must set its owner itself.
    identity = _identity_of(st.user.to_dict())
    if identity:
        return f"user-{_hash_name(identity)}"
    secret = st.context.cookies.get(COOKIE) or st.session_state.setdefault(COOKIE, secrets.token_urlsafe(24))
    return f"visitor-{_hash_name(secret)}"


def reset_for_new_owner() -> None:
    """Clears the session of a tab when its owner changed. Call it from the frame.

    A tab that reconnects keeps its session, but may have another cookie by then.
    """
    current_owner = get_owner()
    if st.session_state.setdefault(_OWNER_KEY, current_owner) != current_owner:
        st.session_state.clear()
        st.session_state[_OWNER_KEY] = current_owner


def find_own_digest(name: str) -> str:
    """Returns the SHA-256 that an address names if the file belongs to this visitor, else ""."""
    return name if File(name, "image", "").is_available else ""


def cached(**options: Any) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Returns `st.cache_data` for functions whose first argument is a stored file or its SHA-256.

    All owners of the file share the cache; for others the call raises `Unavailable`, as without a cache.

    Args:
        options: of `st.cache_data`.
    """

    def decorate(compute: Callable[P, T]) -> Callable[P, T]:
        cached_compute = st.cache_data(show_spinner=options.pop("show_spinner", False), **options)(compute)

        @wraps(compute)
        def guarded(*args: P.args, **keywords: P.kwargs) -> T:
            file = args[0]
            core_owners.require_ownership(file.digest if isinstance(file, File) else str(file))
            return cached_compute(*args, **keywords)

        guarded.clear = cached_compute.clear  # type: ignore[attr-defined]  # as `st.cache_data` has it
        return guarded

    return decorate


def _identity_of(claims: dict) -> str:
    """Returns the identity of a signed-in user, or "" without a sign-in.

    The email address comes last: it can change hands, and not every provider verifies it.
    """
    if not claims.get("is_logged_in"):
        return ""
    if claims.get("sub"):
        return f"{claims.get('iss', '')} {claims['sub']}"
    return str(claims.get("email") or "")


def _hash_name(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


core_owners.set_default_owner(lambda: get_owner())  # not `get_owner` itself, which tests replace
