"""Number inputs that show their limits, because Streamlit silently ignores a number out of range."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.widgets import assets, keys


def ask_number(
    label: str,
    min_value: float | None = None,
    max_value: float | None = None,
    *,
    key: str,
    on_change: Callable[..., None] | None = None,
    args: tuple[Any, ...] = (),
    **options: Any,
) -> Any:
    """Draws `st.number_input`, with its limits below it while the typed number is out of range.

    Args:
        label: of the input.
        min_value, max_value: None for no limit.
        key: of the input.
        on_change, args: callback when the user changes the number, and its arguments.
        options: other arguments of `st.number_input`.
    """
    if limits_text := describe_limits(min_value, max_value):
        st.html(assets.render_style(__file__, "numbers.css", key, limits=f'"{limits_text}"'))
    options |= {"on_change": _note_typed_number, "args": (key, on_change, args)}
    with st.container(key=_renew_box(key), width=options.get("width", "stretch")):
        value = st.number_input(label, min_value, max_value, key=key, **options)
    st.session_state[keys.part(key, "drawn")] = value
    return value


def _note_typed_number(key: str, on_change: Callable[..., None] | None, args: tuple[Any, ...]) -> None:
    st.session_state[keys.part(key, "drawn")] = st.session_state[key]
    if on_change is not None:
        on_change(*args)


def _renew_box(key: str) -> str:
    """Returns the key of the container of an input, a new one when the page changed the number itself.

    A refused number would otherwise stay in the input, because the browser keeps what the user typed.
    """
    version_key, drawn_key = keys.part(key, "version"), keys.part(key, "drawn")
    version = st.session_state.setdefault(version_key, 0)
    if (
        key in st.session_state
        and st.session_state.get(drawn_key, st.session_state[key]) != st.session_state[key]
    ):
        version = st.session_state[version_key] = version + 1
    return keys.part(key, f"box_{version}")


def describe_limits(minimum: float | None, maximum: float | None) -> str:
    """Describes the accepted range: "Not used: enter 64 to 2048."; "" without limits."""
    if minimum is None and maximum is None:
        return ""
    if maximum is None:
        return f"Not used: enter {minimum:.12g} or more."
    if minimum is None:
        return f"Not used: enter {maximum:.12g} or less."
    return f"Not used: enter {minimum:.12g} to {maximum:.12g}."
