"""The folded section at the end of a page: words and formulas on the left, this run's own numbers beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

LABEL, ICON = "Under the hood", ":material/school:"
Part = tuple[Callable[[str], Any], str]  # e.g. (st.markdown, "What it does.")


def beside(parts: Sequence[Part], live: Callable[[], None]) -> None:
    """Writes the parts one below the other, and lets `live` draw beside them."""
    words, drawn = st.columns(2, gap="large")
    with words:
        for write, text in parts:
            write(text)
    with drawn:
        live()
