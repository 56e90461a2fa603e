"""The folded section at the end of a page: words and formulas on the left, this run's own numbers beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

LABEL, ICON = "Under the hood", ":material/school:"
KEY = "hood"  # also in the address, so that a link can open it
Part = tuple[Callable[[str], Any], str]  # e.g. (st.markdown, "What it does.")


def section() -> Any:
    """The folded section of a page; `open` says whether a person opened it; folded it needs no content."""
    # Not for the home page: where it has this key, a link from there cannot open the section of another page.
    return st.expander(LABEL, icon=ICON, key=KEY, on_change="rerun", bind="query-params")


def beside(parts: Sequence[Part], live: Callable[[], None]) -> None:
    """Writes the parts one below the other, and lets `live` draw beside them."""
    words, drawn = st.columns(2, gap="large")
    with words:
        for write, text in parts:
            write(text)
    with drawn:
        live()
