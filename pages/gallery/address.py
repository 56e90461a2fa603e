"""What the gallery's address says: which item is shown large, and which one it is compared with."""

from __future__ import annotations

import streamlit as st

ITEM = "item"
OTHER = "with"


def open(id: str) -> None:
    """Shows one item large. For callbacks, as all of these."""
    close()
    st.query_params[ITEM] = id


def compare(one: str, other: str) -> None:
    """Shows two items next to each other."""
    st.query_params[ITEM], st.query_params[OTHER] = one, other


def close() -> None:
    """Shows the grid again."""
    for name in (ITEM, OTHER):
        st.query_params.pop(name, None)
