"""The folded section at the end of a page: text and formulas, with figures of this run next to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

LABEL, ICON = "Under the hood", ":material/school:"
KEY = "explain"  # also a query parameter, so a link can open the section
_PAPERS = "\n---\n"  # separates a text from its list of papers


def section() -> Any:
    """Returns the folded section of a page; draw its content only while its `open` is true."""
    # Not for the home page: with this key, a link from there could not open the section of another page.
    return st.expander(LABEL, icon=ICON, key=KEY, on_change="rerun", bind="query-params")


def show(live: Callable[[], None], *texts: str) -> None:
    """Draws the section, and its content while it is open, see `side_by_side`."""
    expander = section()
    if expander.open:
        with expander:
            side_by_side(live, *texts)


def side_by_side(live: Callable[[], None], *texts: str) -> None:
    """Draws texts one below the other, and figures next to them.

    Args:
        live: draws the figures of this run.
        texts: Markdown, see `assets.read`. Lines after `---` are papers and shown last, in small print.
    """
    text_area, figures = st.columns(2, gap="large")
    parts = [text.partition(_PAPERS) for text in texts]
    with text_area:
        for body, _, _ in parts:
            st.markdown(body)
        if papers := " ".join(papers.strip() for _, _, papers in parts if papers):
            st.caption(papers)
    with figures:
        live()
