"""Sliders, with a number box for exact values."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import streamlit as st

from pages.widgets import keys, numbers
from studio.core.settings import SettingInfo

BOX_WIDTH = 92  # px; narrow enough to hide the plus and minus buttons, which the slider replaces
MAX_POSITIONS_WITHOUT_BOX = 12  # positions; a slider with so few is easy to set and has no box


def show_slider(field: SettingInfo, label: str, help: str | None) -> float | int:
    """Draws a slider with a number box; the address keeps the value under the field's name.

    Args:
        field: a number with a minimum and a maximum; `scale == "log"` gives steps of equal ratio.
        label: above the slider.
        help: tooltip.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        value = (
            _show_log_slider(field, label, help)
            if field.scale == "log"
            else _show_linear_slider(field, label, help)
        )
        if field.scale != "percent" and _count_positions(field) > MAX_POSITIONS_WITHOUT_BOX:
            _show_number_box(field, label, value)
    return value


def set_value(name: str, value: Any) -> None:
    """Sets the value of a widget that is not drawn yet; a log slider gets an extra step for it."""
    st.session_state[name] = st.session_state[_extra_key(name)] = value


def _show_linear_slider(field: SettingInfo, label: str, help: str | None) -> float | int:
    to_number = int if field.kind == "int" else float
    minimum, maximum = _bounds(field)
    step = _step(field)
    number_format = "percent" if field.scale == "percent" else "%.3f" if step < 0.01 else None
    return st.slider(
        label,
        to_number(minimum),
        to_number(maximum),
        to_number(field.default),
        step,
        format=number_format,
        help=help,
        key=field.name,
        bind="query-params",
    )


def _show_log_slider(field: SettingInfo, label: str, help: str | None) -> float | int:
    return st.select_slider(
        label,
        _list_log_steps_with_extra(field),
        value=field.default,
        format_func=_format_number,
        help=help,
        key=field.name,
        bind="query-params",
    )


def _show_number_box(field: SettingInfo, label: str, value: float | int) -> None:
    """Draws the number box; a typed number sets the slider on the next run."""
    key = keys.part(field.name, "box")
    st.session_state[key] = int(value) if field.kind == "int" else float(value)
    numbers.ask_number(
        f"{label}: value",
        min_value=_box_minimum(field),
        max_value=int(_bounds(field)[1]) if field.kind == "int" else _bounds(field)[1],
        step=1 if field.kind == "int" else float(_step(field)),
        format="%d" if field.kind == "int" else "%g",
        key=key,
        on_change=_set_slider_from_box,
        args=(field.name, key),
        label_visibility="collapsed",
        width=BOX_WIDTH,
    )


def _set_slider_from_box(name: str, key: str) -> None:
    set_value(name, st.session_state[key])


def _bounds(field: SettingInfo) -> tuple[float, float]:
    """Returns the minimum and maximum of a field."""
    assert field.minimum is not None and field.maximum is not None
    return float(field.minimum), float(field.maximum)


def _count_positions(field: SettingInfo) -> float:
    minimum, maximum = _bounds(field)
    return math.inf if field.scale == "log" else (maximum - minimum) / _step(field) + 1


def _box_minimum(field: SettingInfo) -> float | int:
    minimum, _ = _bounds(field)
    if field.kind == "int":
        return int(minimum)
    return float(_list_log_steps(field)[0]) if field.scale == "log" and not minimum else minimum


def _step(field: SettingInfo) -> float | int:
    if field.kind == "int":
        return int(field.step or 1)
    minimum, maximum = _bounds(field)
    return float(field.step or (0.01 if maximum - minimum >= 0.5 else 0.005))


def _list_log_steps(field: SettingInfo) -> list[float]:
    """Returns about four rounded values per octave between the bounds, including the default."""
    maximum = float(field.maximum or 1)
    minimum = float(field.log_minimum or maximum / 256)  # the minimum itself may be excluded: "more than 0"
    octaves = math.log2(maximum / minimum)
    count = max(2, round(octaves * 4))
    values = {float(f"{minimum * 2 ** (octaves * i / count):.2g}") for i in range(count + 1)}
    return sorted(values | {float(field.default)})


def _list_log_steps_with_extra(field: SettingInfo) -> list[float]:
    """Returns the steps of a log slider, with an extra step for a value from a result or the address."""
    if field.name not in st.session_state and field.name in st.query_params:
        st.session_state[_extra_key(field.name)] = st.query_params[field.name]
    # A separate key: the steps must not change while the user drags the slider.
    with suppress(TypeError, ValueError):
        extra = float(st.session_state.get(_extra_key(field.name), ""))
        minimum, maximum = _bounds(field)
        if max(minimum, 0) <= extra <= maximum and extra > 0:
            return sorted({*_list_log_steps(field), extra})
    return _list_log_steps(field)


def _extra_key(name: str) -> str:
    return keys.part(name, "mark")


def _format_number(value: float) -> str:
    return f"{value:g}"
