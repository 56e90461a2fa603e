"""Whose work a page shows."""

import os

import streamlit as st

LOCAL = "local"
COOKIE = "studio_owner"


def owner() -> str:
    """`local` when the studio serves one person, else the owner that the visitor's cookie names."""
    if os.environ.get("STUDIO_USERS", "one") == "one":
        return LOCAL
    return st.context.cookies.get(COOKIE) or LOCAL
