"""Query parameters of the gallery: the item that is shown large, and the one it is compared with."""

from __future__ import annotations

import streamlit as st

ITEM = "item"
OTHER = "with"


def open(id: str) -> None:
    """Shows one item large. Call it from a callback, like every function here."""
    close()
    st.query_params[ITEM] = id


def compare(id: str, other: str) -> None:
    """Shows two items next to each other."""
    st.query_params[ITEM], st.query_params[OTHER] = id, other


def close() -> None:
    """Shows the grid again."""
    for name in (ITEM, OTHER):
        st.query_params.pop(name, None)
