"""Whose work a page shows."""

from __future__ import annotations

import os
import secrets

import streamlit as st

LOCAL = "local"
COOKIE = "studio_owner"


def owner() -> str:
    """`local` when the studio serves one person, else the owner that the visitor's cookie names.

    A visitor whose browser keeps no cookie is somebody of their own for as long as the tab is open.
    """
    if os.environ.get("STUDIO_USERS", "one") == "one":
        return LOCAL
    return st.context.cookies.get(COOKIE) or st.session_state.setdefault(COOKIE, secrets.token_urlsafe(24))
