"""Sliders for the latent directions of a model; they edit the chosen face."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress

import streamlit as st

from pages.widgets import words
from studio.core.generators.directions import make_title, read_direction_values
from studio.core.models import presets

MAX_CHANGE = 4.0  # standard deviations
STEP = 0.25
VISIBLE_SLIDERS = 5  # sliders; the others are under More changes
_UNLABELED = re.compile(r"direction-\d+")  # names of `directions.find_principal`
_KEY_PREFIX = "move_"


def draw_sliders(preset: str, grid_changes: Sequence[str]) -> tuple[str, ...]:
    """Draws the sliders.

    Args:
        preset: the model.
        grid_changes: the changes of the whole grid, each NAME=AMOUNT.

    Returns:
        The changes of the chosen face.
    """
    notes_by_name = load_directions(preset)
    initial = parse_changes(grid_changes)
    names = list(notes_by_name)
    for name in names[:VISIBLE_SLIDERS]:
        _draw_slider(name, notes_by_name[name], initial.get(name, 0.0))
    if names[VISIBLE_SLIDERS:]:
        with st.popover("More changes", icon=":material/add:", width="stretch"):
            for name in names[VISIBLE_SLIDERS:]:
                _draw_slider(name, notes_by_name[name], initial.get(name, 0.0))
    if not names:
        st.caption("This model has no latent directions, so its images cannot be edited.")
    current = read_changes(preset, grid_changes)
    if names:
        st.button(
            "Undo changes",
            icon=":material/undo:",
            type="tertiary",
            disabled=parse_changes(current) == initial,
            on_click=reset_sliders,
            args=(preset, grid_changes),
        )
    return current


def reset_sliders(preset: str, grid_changes: Sequence[str]) -> None:
    """Sets the sliders to the changes of the grid. Call it before they are drawn, or from a callback."""
    initial = parse_changes(grid_changes)
    for name in load_directions(preset):
        st.session_state[_KEY_PREFIX + name] = initial.get(name, 0.0)


def read_changes(preset: str, grid_changes: Sequence[str]) -> tuple[str, ...]:
    """Returns the changes of the chosen face, each NAME=AMOUNT: from the sliders, else from the grid."""
    values = parse_changes(grid_changes)
    values |= {
        name: round(st.session_state[_KEY_PREFIX + name], 2)
        for name in load_directions(preset)
        if _KEY_PREFIX + name in st.session_state
    }
    return tuple(f"{name}={amount:g}" for name, amount in values.items() if amount)


def parse_changes(changes: Sequence[str]) -> dict[str, float]:
    """Parses changes: `("older=1.5",)` -> `{"older": 1.5}`; skips what cannot be read."""
    values = {}
    for change in changes:
        name, _, amount = change.partition("=")
        with suppress(ValueError):
            values[name] = float(amount)
    return values


def load_directions(preset: str) -> Mapping[str, str]:
    """Returns the latent directions of a model, each with its note."""
    entries = read_direction_values(presets.find(preset).read_data())
    return {name: str(entry.get("note", "")) for name, entry in entries.items()}


def _draw_slider(name: str, note: str, value: float) -> None:
    is_unlabeled = bool(_UNLABELED.fullmatch(name))
    if is_unlabeled and note:
        note = (
            f"a principal direction of this model, found without labels. It explains {note}. Move it to see "
            "what it changes."
        )
    text = words.escape(note[:1].upper() + note[1:])
    is_labeled = not is_unlabeled and "label" in note  # Show such a note always, not only as help.
    limit = max(MAX_CHANGE, float(math.ceil(abs(value))))
    st.slider(
        make_title(name),
        -limit,
        limit,
        value,
        STEP,
        key=_KEY_PREFIX + name,
        bind="query-params",
        persist_state="session",
        help=None if is_labeled else text or None,
    )
    if is_labeled:
        st.caption(text)
