"""A confusion matrix whose cells are buttons.

A component, because Streamlit has no table with cells that can be pressed, read aloud and colored. Class
names come from users, so they are set as text, never as markup.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.widgets import assets, keys

Cell = tuple[int, int]  # (true class, predicted class)

_mount = assets.register_component("studio_confusion", __file__)


def show_matrix(classes: Sequence[str], counts: Sequence[Sequence[int]], *, key: str) -> Cell | None:
    """Draws the confusion matrix and returns the selected cell, if any.

    Args:
        classes: the names of the classes.
        counts: of images, by true class (rows) and predicted class (columns).
        key: of the component; the session state holds the selected cell under the part `chosen` of this key.
    """
    selection_key = keys.part(key, "chosen")

    def choose() -> None:
        truth, guess = st.session_state[key].cell
        st.session_state[selection_key] = None if truth < 0 else (truth, guess)

    cell: Cell | None = st.session_state.get(selection_key)
    if cell is not None and not _has_images(cell, counts):
        cell = None
    data = {"classes": list(classes), "counts": [list(row) for row in counts], "selected": cell}
    _mount(data=data, key=key, on_cell_change=choose)
    return cell


def _has_images(cell: Cell, counts: Sequence[Sequence[int]]) -> bool:
    truth, guess = cell
    return truth < len(counts) and guess < len(counts) and counts[truth][guess] > 0
