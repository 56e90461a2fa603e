"""Sliders for the latent directions of a model; they edit the chosen face."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import streamlit as st

from pages.widgets import words
from studio.core.generators.directions import read_direction_values
from studio.core.models import presets

LIMIT = 4.0  # standard deviations
STEP = 0.25
VISIBLE = 5  # sliders; the others are under More changes
_TITLES = {"age": "Older", "gender": "Gender: male to female"}
_KEY = "move_"


def sliders(preset: str, grid: Sequence[str]) -> tuple[str, ...]:
    """Draws the sliders.

    Args:
        preset: the model.
        grid: the changes of the whole grid, each NAME=AMOUNT.

    Returns:
        The changes of the chosen face.
    """
    notes = directions(preset)
    initial = amounts(grid)
    names = list(notes)
    for name in names[:VISIBLE]:
        _slider(name, notes[name], initial.get(name, 0.0))
    if names[VISIBLE:]:
        with st.popover("More changes", icon=":material/add:", width="stretch"):
            for name in names[VISIBLE:]:
                _slider(name, notes[name], initial.get(name, 0.0))
    if not names:
        st.caption("This model has no latent directions, so its images cannot be edited.")
    current = changes(preset, grid)
    if names:
        undo: dict[str, Any] = {
            "disabled": amounts(current) == initial,
            "on_click": begin,
            "args": (preset, grid),
        }
        st.button("Undo changes", icon=":material/undo:", type="tertiary", **undo)
    return current


def begin(preset: str, grid: Sequence[str]) -> None:
    """Sets the sliders to the changes of the grid. Call it before they are drawn, or from a callback."""
    initial = amounts(grid)
    for name in directions(preset):
        st.session_state[_KEY + name] = initial.get(name, 0.0)


def changes(preset: str, grid: Sequence[str]) -> tuple[str, ...]:
    """Returns the changes of the chosen face, each NAME=AMOUNT: from the sliders, else from the grid."""
    values = amounts(grid)
    values |= {
        name: round(st.session_state[_KEY + name], 2)
        for name in directions(preset)
        if _KEY + name in st.session_state
    }
    return tuple(f"{name}={amount:g}" for name, amount in values.items() if amount)


def amounts(changes: Sequence[str]) -> dict[str, float]:
    """Parses changes: `("older=1.5",)` -> `{"older": 1.5}`; skips what cannot be read."""
    values = {}
    for change in changes:
        name, _, amount = change.partition("=")
        with suppress(ValueError):
            values[name] = float(amount)
    return values


def title(name: str) -> str:
    """Returns the title of a direction: "change-2" -> "Change 2"."""
    return _TITLES.get(name) or words.choice(name)


def directions(preset: str) -> Mapping[str, str]:
    """Returns the latent directions of a model, each with its note."""
    entries = read_direction_values(presets.find(preset).data())
    return {name: str(entry.get("note", "")) for name, entry in entries.items()}


def _slider(name: str, note: str, value: float) -> None:
    text = words.plain(note[:1].upper() + note[1:])
    is_labeled = "label" in note  # Show such a note always, not only as help.
    limit = max(LIMIT, float(math.ceil(abs(value))))
    st.slider(
        title(name),
        -limit,
        limit,
        value,
        STEP,
        key=_KEY + name,
        bind="query-params",
        persist_state="session",
        help=None if is_labeled else text or None,
    )
    if is_labeled:
        st.caption(text)
