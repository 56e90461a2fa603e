"""The folded section at the end of a page: text and formulas next to charts of the current run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

LABEL, ICON = "Under the hood", ":material/school:"
KEY = "explain"  # also a query parameter, so a link can open the section
_PAPERS = "\n---\n"  # separates a text from its list of papers


def create_section() -> Any:
    """Draws the folded section and returns it; draw its content only while its `open` is true."""
    # Not for the home page: with this key, a link from there could not open the section of another page.
    return st.expander(LABEL, icon=ICON, key=KEY, on_change="rerun", bind="query-params")


def show_section(show_figures: Callable[[], None], *texts: str) -> None:
    """Draws the section, and its content while it is open, see `show_side_by_side`."""
    expander = create_section()
    if expander.open:
        with expander:
            show_side_by_side(show_figures, *texts)


def show_side_by_side(show_figures: Callable[[], None], *texts: str) -> None:
    """Draws texts one below the other, and figures next to them.

    Args:
        show_figures: draws the figures of this run.
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
        show_figures()
