"""Number inputs that show their limits: Streamlit silently ignores a number out of range."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.widgets import assets


def number(
    label: str, min_value: float | None = None, max_value: float | None = None, *, key: str, **options: Any
) -> Any:
    """Draws `st.number_input`, with its limits below it while the typed number is out of range.

    Args:
        label: of the input.
        min_value, max_value: None for no limit.
        key: of the input.
        options: other arguments of `st.number_input`.
    """
    if limits := describe_limits(min_value, max_value):
        st.html(assets.style(__file__, "numbers.css", key, limits=f'"{limits}"'))
    return st.number_input(label, min_value, max_value, key=key, **options)


def describe_limits(least: float | None, most: float | None) -> str:
    """Describes the accepted range: "Not used: enter 64 to 2048."; "" without limits."""
    if least is None and most is None:
        return ""
    if most is None:
        return f"Not used: enter {least:.12g} or more."
    if least is None:
        return f"Not used: enter {most:.12g} or less."
    return f"Not used: enter {least:.12g} to {most:.12g}."
