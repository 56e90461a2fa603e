"""The choice of a document, which the address names."""

from __future__ import annotations

import streamlit as st

from pages.guide import documents
from pages.jobs.navigation import PLACES
from pages.widgets import page_errors

_KEY = "guide_document"


def choose() -> str:
    """Lets a user choose a document, leads to the page that it is about, and gives its name."""
    titles = documents.titles()
    asked = st.query_params.get(documents.PARAMETER, "")
    st.session_state[_KEY] = asked if asked in titles else documents.FIRST
    name = st.selectbox(
        "Read about", list(titles), format_func=titles.__getitem__, key=_KEY, on_change=_chosen
    )
    page_errors.not_found("guide", [asked] if asked and asked not in titles else [])
    for place in PLACES:
        if place.title == titles[name] and name != documents.FIRST:
            st.page_link(place.file, label=f"Open {place.title}", icon=place.icon)
    return name


def _chosen() -> None:
    st.query_params[documents.PARAMETER] = st.session_state[_KEY]


def link(title: str) -> None:
    """A link from a page to the document about it.

    Args:
        title: of the page, as the navigation shows it.
    """
    about = {documents.PARAMETER: documents.about(title)}
    st.page_link(
        "read_guide.py", label="Help with this page", icon=":material/menu_book:", query_params=about
    )
