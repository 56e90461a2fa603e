"""The folded section at the end of a page: words and formulas on the left, this run's own numbers
alongside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

LABEL, ICON = "Under the hood", ":material/school:"
KEY = "hood"  # also in the address, so that a link can open it
_PAPERS = "\n---\n"  # the line of a text below which its papers are


def section() -> Any:
    """The folded section of a page; `open` says whether the user opened it; folded it needs no content."""
    # Not for the home page: where it has this key, a link from there cannot open the section of another page.
    return st.expander(LABEL, icon=ICON, key=KEY, on_change="rerun", bind="query-params")


def show(live: Callable[[], None], *texts: str) -> None:
    """Draws the section, and fills it while it is open, see `beside`."""
    folded = section()
    if folded.open:
        with folded:
            beside(live, *texts)


def beside(live: Callable[[], None], *texts: str) -> None:
    """Writes texts one below the other, and lets `live` draw next to them.

    Args:
        live: draws this run's own numbers.
        texts: Markdown, see `assets.read`. What stands below a line of `---` is shown last, in small letters:
            the papers.
    """
    words, drawn = st.columns(2, gap="large")
    parts = [text.partition(_PAPERS) for text in texts]
    with words:
        for body, _, _ in parts:
            st.markdown(body)
        if papers := " ".join(papers.strip() for _, _, papers in parts if papers):
            st.caption(papers)
    with drawn:
        live()
