"""A slider for each direction of a model, for the chosen face; they begin with the changes of the grid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import streamlit as st

from pages.widgets import words
from studio.core.generators.directions import from_json
from studio.core.models import presets

FAR = 4.0
STEP = 0.25
IN_SIGHT = 5
_TITLES = {"age": "Older", "gender": "Gender: male to female"}
_KEY = "move_"


def sliders(preset: str, grid: Sequence[str]) -> tuple[str, ...]:
    """Draws them.

    Args:
        preset: whose directions.
        grid: the changes of the whole grid, each NAME=AMOUNT.

    Returns:
        The changes of the chosen face.
    """
    found = directions(preset)
    begun = amounts(grid)
    names = list(found)
    for name in names[:IN_SIGHT]:
        _slider(name, found[name], begun.get(name, 0.0))
    if names[IN_SIGHT:]:
        with st.popover("More changes", icon=":material/add:", width="stretch"):
            for name in names[IN_SIGHT:]:
                _slider(name, found[name], begun.get(name, 0.0))
    if not names:
        st.caption("This model has no latent directions, so its images cannot be edited.")
    made = changes(preset, grid)
    if names:
        undo: dict[str, Any] = {"disabled": amounts(made) == begun, "on_click": begin, "args": (preset, grid)}
        st.button("Undo changes", icon=":material/undo:", type="tertiary", **undo)
    return made


def begin(preset: str, grid: Sequence[str]) -> None:
    """Sets the sliders to the changes of the grid. Call it before they are drawn, or from a callback."""
    begun = amounts(grid)
    for name in directions(preset):
        st.session_state[_KEY + name] = begun.get(name, 0.0)


def changes(preset: str, grid: Sequence[str]) -> tuple[str, ...]:
    """The changes of the chosen face, each NAME=AMOUNT: as the sliders stand, or before them the grid's."""
    found = amounts(grid)
    found |= {
        name: round(st.session_state[_KEY + name], 2)
        for name in directions(preset)
        if _KEY + name in st.session_state
    }
    return tuple(f"{name}={amount:g}" for name, amount in found.items() if amount)


def amounts(changes: Sequence[str]) -> dict[str, float]:
    """`("older=1.5",)` -> `{"older": 1.5}`; what cannot be read is left out."""
    found = {}
    for change in changes:
        name, _, amount = change.partition("=")
        with suppress(ValueError):
            found[name] = float(amount)
    return found


def title(name: str) -> str:
    """The title of a direction: "change-2" -> "Change 2"."""
    return _TITLES.get(name) or words.choice(name)


def directions(preset: str) -> Mapping[str, str]:
    """The latent directions of a model, each with its note."""
    found = from_json(presets.find(preset).data())
    return {name: str(one.get("note", "")) for name, one in found.items()}


def _slider(name: str, note: str, begun: float) -> None:
    told = words.plain(note[:1].upper() + note[1:])
    labeled = "label" in note  # which everybody should read
    far = max(FAR, float(math.ceil(abs(begun))))
    st.slider(
        title(name),
        -far,
        far,
        begun,
        STEP,
        key=_KEY + name,
        bind="query-params",
        persist_state="session",
        help=None if labeled else told or None,
    )
    if labeled:
        st.caption(told)
