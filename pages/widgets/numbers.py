"""Boxes for numbers, which say what they take: Streamlit passes a number out of range over without a word."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.widgets import assets


def number(
    label: str, min_value: float | None = None, max_value: float | None = None, *, key: str, **options: Any
) -> Any:
    """`st.number_input`, below which stands what it takes while it holds a number that it does not take.

    Args:
        min_value, max_value: None for no limit.
        options: others of `st.number_input`.
    """
    if said := describe_limits(min_value, max_value):
        st.html(assets.style(__file__, "numbers.css", key, limits=f'"{said}"'))
    return st.number_input(label, min_value, max_value, key=key, **options)


def describe_limits(least: float | None, most: float | None) -> str:
    """What is taken between two limits: "Not used: enter 64 to 2048."; "" where there is no limit."""
    if least is None and most is None:
        return ""
    if most is None:
        return f"Not used: enter {least:.12g} or more."
    if least is None:
        return f"Not used: enter {most:.12g} or less."
    return f"Not used: enter {least:.12g} to {most:.12g}."
