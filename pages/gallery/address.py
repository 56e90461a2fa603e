"""Query parameters of the gallery: the item that is shown large, and those it is compared with."""

from __future__ import annotations

import streamlit as st

ITEM_PARAMETER = "item"
OTHER_PARAMETER = "with"
MAX_COMPARED = 6  # items


def open_item(id: str) -> None:
    """Puts one item into the address, to show it large. Call it from a callback, like every function here."""
    open_grid()
    st.query_params[ITEM_PARAMETER] = id


def open_comparison(id: str, *others: str) -> None:
    """Puts several items into the address, to compare them."""
    st.query_params[ITEM_PARAMETER], st.query_params[OTHER_PARAMETER] = id, others


def open_grid() -> None:
    """Removes items from the address, to show the grid again."""
    for name in (ITEM_PARAMETER, OTHER_PARAMETER):
        st.query_params.pop(name, None)
