"""The choice of a document, kept in the address."""

from __future__ import annotations

import streamlit as st

from pages.guide import documents
from pages.jobs.navigation import PAGES
from pages.widgets import page_errors

_KEY = "guide_document"


def choose() -> str:
    """Lets the user choose a document, links to the page that it is about, and returns its name."""
    titles = documents.titles()
    name_in_address = st.query_params.get(documents.PARAMETER, "")
    st.session_state[_KEY] = name_in_address if name_in_address in titles else documents.FIRST
    name = st.selectbox(
        "Read about", list(titles), format_func=titles.__getitem__, key=_KEY, on_change=_set_address
    )
    page_errors.not_found(
        "guide", [name_in_address] if name_in_address and name_in_address not in titles else []
    )
    for place in PAGES:
        if place.title == titles[name] and name != documents.FIRST:
            st.page_link(place.file, label=f"Open {place.title}", icon=place.icon)
    return name


def _set_address() -> None:
    st.query_params[documents.PARAMETER] = st.session_state[_KEY]


def link(title: str) -> None:
    """Draws a link from a page to the document about it.

    Args:
        title: title of the page in the navigation.
    """
    about = {documents.PARAMETER: documents.about(title)}
    st.page_link(
        "read_guide.py", label="Help with this page", icon=":material/menu_book:", query_params=about
    )
