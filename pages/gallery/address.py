"""Query parameters of the gallery: the item that is shown large, and those it is compared with."""

from __future__ import annotations

import streamlit as st

from pages.jobs.navigation import ITEM_PARAMETER, OTHER_PARAMETER

MAX_COMPARED = 6  # items


def open_item(id: str) -> None:
    """Puts one item into the address, to show it large. Call it from a callback, like every function here."""
    _show(id)


def open_comparison(id: str, *others: str) -> None:
    """Puts several items into the address, to compare them."""
    _show(id, *others)


def open_grid() -> None:
    """Removes items from the address, to show the grid again."""
    _show()


def _show(*ids: str) -> None:
    """Puts items into the address in one step, because each step is an entry of the browser's history."""
    st.query_params.update({ITEM_PARAMETER: ids[:1], OTHER_PARAMETER: ids[1:]})
    for name in (ITEM_PARAMETER, OTHER_PARAMETER):
        if not st.query_params.get_all(name):
            del st.query_params[name]
