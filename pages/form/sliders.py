"""A number's slider, and the box next to it for whoever knows the very number."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import streamlit as st

from pages.widgets import keys, numbers
from studio.core.settings import Described

BOX_WIDTH = 92  # px: too narrow for the plus and minus that a slider makes needless
FEW = 12  # positions, which a hand sets without a miss: so short a slider has no box


def slider(field: Described, label: str, help: str | None) -> float | int:
    """A slider bound to the address under the field's name, with a box that takes the number itself.

    Args:
        field: a number with a least and a most value; a ratio (`scale == "log"`) goes in even ratios.
        label: what stands above it.
        help: what the question mark says.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        value = _ratio(field, label, help) if field.scale == "log" else _line(field, label, help)
        if field.scale != "percent" and _positions(field) > FEW:
            _box(field, label, value)
    return value


def put(name: str, value: Any) -> None:
    """Puts a value where its widget, not yet drawn, finds it; a slider of ratios gets a step there."""
    st.session_state[name] = st.session_state[_mark(name)] = value


def _line(field: Described, label: str, help: str | None) -> float | int:
    number = int if field.kind == "int" else float
    least, most = _ends(field)
    step = _step(field)
    places = "percent" if field.scale == "percent" else "%.3f" if step < 0.01 else None
    return st.slider(
        label,
        number(least),
        number(most),
        number(field.default),
        step,
        format=places,
        help=help,
        key=field.name,
        bind="query-params",
    )


def _ratio(field: Described, label: str, help: str | None) -> float | int:
    return st.select_slider(
        label,
        _marks(field),
        value=field.default,
        format_func=_short,
        help=help,
        key=field.name,
        bind="query-params",
    )


def _box(field: Described, label: str, value: float | int) -> None:
    """The number as it stands; what is typed goes to the slider, which the next run draws again."""
    key = keys.part(field.name, "box")
    st.session_state[key] = int(value) if field.kind == "int" else float(value)
    numbers.number(
        f"{label}: value",
        min_value=_least(field),
        max_value=int(_ends(field)[1]) if field.kind == "int" else _ends(field)[1],
        step=1 if field.kind == "int" else float(_step(field)),
        format="%d" if field.kind == "int" else "%g",
        key=key,
        on_change=_typed,
        args=(field.name, key),
        label_visibility="collapsed",
        width=BOX_WIDTH,
    )


def _typed(name: str, key: str) -> None:
    put(name, st.session_state[key])


def _ends(field: Described) -> tuple[float, float]:
    """The least and the most of a setting that a slider sets, which has both."""
    assert field.least is not None and field.most is not None
    return float(field.least), float(field.most)


def _positions(field: Described) -> float:
    least, most = _ends(field)
    return math.inf if field.scale == "log" else (most - least) / _step(field) + 1


def _least(field: Described) -> float | int:
    least, _ = _ends(field)
    if field.kind == "int":
        return int(least)
    return float(_ratios(field)[0]) if field.scale == "log" and not least else least


def _step(field: Described) -> float | int:
    if field.kind == "int":
        return int(field.step or 1)
    least, most = _ends(field)
    return float(field.step or (0.01 if most - least >= 0.5 else 0.005))


def _ratios(field: Described) -> list[float]:
    """About four values an octave between the bounds, rounded for the eye; the default is one of them."""
    most = float(field.most or 1)
    least = float(field.log_least or most / 256)  # the least may be left out: "more than 0"
    octaves = math.log2(most / least)
    count = max(2, round(octaves * 4))
    values = {float(f"{least * 2 ** (octaves * i / count):.2g}") for i in range(count + 1)}
    return sorted(values | {float(field.default)})


def _marks(field: Described) -> list[float]:
    """The steps of a ratio, and one that a result or the address brought: the slider takes no other."""
    if field.name not in st.session_state and field.name in st.query_params:
        st.session_state[_mark(field.name)] = st.query_params[field.name]
    # Apart from the slider's own value, for its steps must not change while a user drags it.
    with suppress(TypeError, ValueError):
        brought = float(st.session_state.get(_mark(field.name), ""))
        least, most = _ends(field)
        if max(least, 0) <= brought <= most and brought > 0:
            return sorted({*_ratios(field), brought})
    return _ratios(field)


def _mark(name: str) -> str:
    return keys.part(name, "mark")


def _short(value: float) -> str:
    return f"{value:g}"
