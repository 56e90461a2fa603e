"""Number inputs that show their limits, because Streamlit silently ignores a number out of range."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.widgets import assets


def ask_number(
    label: str, min_value: float | None = None, max_value: float | None = None, *, key: str, **options: Any
) -> Any:
    """Draws `st.number_input`, with its limits below it while the typed number is out of range.

    Args:
        label: of the input.
        min_value, max_value: None for no limit.
        key: of the input.
        options: other arguments of `st.number_input`.
    """
    if limits_text := describe_limits(min_value, max_value):
        st.html(assets.render_style(__file__, "numbers.css", key, limits=f'"{limits_text}"'))
    return st.number_input(label, min_value, max_value, key=key, **options)


def describe_limits(minimum: float | None, maximum: float | None) -> str:
    """Describes the accepted range: "Not used: enter 64 to 2048."; "" without limits."""
    if minimum is None and maximum is None:
        return ""
    if maximum is None:
        return f"Not used: enter {minimum:.12g} or more."
    if minimum is None:
        return f"Not used: enter {maximum:.12g} or less."
    return f"Not used: enter {minimum:.12g} to {maximum:.12g}."
