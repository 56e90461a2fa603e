"""Sliders, with a number box for exact values."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import streamlit as st

from pages.widgets import keys, numbers
from studio.core.settings import SettingInfo

BOX_WIDTH = 92  # px; narrow enough to hide the plus and minus buttons, which the slider replaces
FEW = 12  # positions; a slider with so few is easy to set and has no box


def slider(field: SettingInfo, label: str, help: str | None) -> float | int:
    """Draws a slider with a number box; the address keeps the value under the field's name.

    Args:
        field: a number with a minimum and a maximum; `scale == "log"` gives steps of equal ratio.
        label: above the slider.
        help: tooltip.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        value = _ratio(field, label, help) if field.scale == "log" else _line(field, label, help)
        if field.scale != "percent" and _positions(field) > FEW:
            _box(field, label, value)
    return value


def put(name: str, value: Any) -> None:
    """Sets the value of a widget that is not drawn yet; a log slider gets an extra step for it."""
    st.session_state[name] = st.session_state[_extra_key(name)] = value


def _line(field: SettingInfo, label: str, help: str | None) -> float | int:
    number = int if field.kind == "int" else float
    least, most = _bounds(field)
    step = _step(field)
    number_format = "percent" if field.scale == "percent" else "%.3f" if step < 0.01 else None
    return st.slider(
        label,
        number(least),
        number(most),
        number(field.default),
        step,
        format=number_format,
        help=help,
        key=field.name,
        bind="query-params",
    )


def _ratio(field: SettingInfo, label: str, help: str | None) -> float | int:
    return st.select_slider(
        label,
        _steps(field),
        value=field.default,
        format_func=_short,
        help=help,
        key=field.name,
        bind="query-params",
    )


def _box(field: SettingInfo, label: str, value: float | int) -> None:
    """Draws the number box; a typed number sets the slider on the next run."""
    key = keys.part(field.name, "box")
    st.session_state[key] = int(value) if field.kind == "int" else float(value)
    numbers.number(
        f"{label}: value",
        min_value=_least(field),
        max_value=int(_bounds(field)[1]) if field.kind == "int" else _bounds(field)[1],
        step=1 if field.kind == "int" else float(_step(field)),
        format="%d" if field.kind == "int" else "%g",
        key=key,
        on_change=_put_number,
        args=(field.name, key),
        label_visibility="collapsed",
        width=BOX_WIDTH,
    )


def _put_number(name: str, key: str) -> None:
    put(name, st.session_state[key])


def _bounds(field: SettingInfo) -> tuple[float, float]:
    """Returns the minimum and maximum of a field."""
    assert field.least is not None and field.most is not None
    return float(field.least), float(field.most)


def _positions(field: SettingInfo) -> float:
    least, most = _bounds(field)
    return math.inf if field.scale == "log" else (most - least) / _step(field) + 1


def _least(field: SettingInfo) -> float | int:
    least, _ = _bounds(field)
    if field.kind == "int":
        return int(least)
    return float(_ratios(field)[0]) if field.scale == "log" and not least else least


def _step(field: SettingInfo) -> float | int:
    if field.kind == "int":
        return int(field.step or 1)
    least, most = _bounds(field)
    return float(field.step or (0.01 if most - least >= 0.5 else 0.005))


def _ratios(field: SettingInfo) -> list[float]:
    """Returns about four rounded values per octave between the bounds, including the default."""
    most = float(field.most or 1)
    least = float(field.log_least or most / 256)  # the minimum itself may be excluded: "more than 0"
    octaves = math.log2(most / least)
    count = max(2, round(octaves * 4))
    values = {float(f"{least * 2 ** (octaves * i / count):.2g}") for i in range(count + 1)}
    return sorted(values | {float(field.default)})


def _steps(field: SettingInfo) -> list[float]:
    """Returns the steps of a log slider, with an extra one for a value of a result or the address."""
    if field.name not in st.session_state and field.name in st.query_params:
        st.session_state[_extra_key(field.name)] = st.query_params[field.name]
    # A separate key: the steps must not change while the user drags the slider.
    with suppress(TypeError, ValueError):
        extra = float(st.session_state.get(_extra_key(field.name), ""))
        least, most = _bounds(field)
        if max(least, 0) <= extra <= most and extra > 0:
            return sorted({*_ratios(field), extra})
    return _ratios(field)


def _extra_key(name: str) -> str:
    return keys.part(name, "mark")


def _short(value: float) -> str:
    return f"{value:g}"
