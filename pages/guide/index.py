"""The choice of a document, kept in the address."""

from __future__ import annotations

import streamlit as st

from pages.guide import documents
from pages.jobs.navigation import PAGES
from pages.widgets import page_errors

_KEY = "guide_document"


def choose() -> str:
    """Draws the choice of a document and a link to the page that it is about. Returns its name."""
    titles = documents.read_titles()
    name_in_address = st.query_params.get(documents.PARAMETER, "")
    st.session_state[_KEY] = name_in_address if name_in_address in titles else documents.FIRST_DOCUMENT
    name = st.selectbox(
        "Read about", list(titles), format_func=titles.__getitem__, key=_KEY, on_change=_set_address
    )
    page_errors.show_not_found(
        "guide", [name_in_address] if name_in_address and name_in_address not in titles else []
    )
    for page in PAGES:
        if page.title == titles[name] and name != documents.FIRST_DOCUMENT:
            st.page_link(page.file, label=f"Open {page.title}", icon=page.icon)
    return name


def _set_address() -> None:
    st.query_params[documents.PARAMETER] = st.session_state[_KEY]


def show_link(title: str) -> None:
    """Draws a link from a page to the document about it.

    Args:
        title: title of the page in the navigation.
    """
    parameters = {documents.PARAMETER: documents.find_document(title)}
    st.page_link(
        "read_guide.py", label="Help with this page", icon=":material/menu_book:", query_params=parameters
    )
