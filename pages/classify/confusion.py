"""Which class was taken for which: a table whose cells are buttons.

Our own because Streamlit has no table that can be pressed, read aloud and seen in two colors. Its words are
set as text, never as markup, for names of classes are a user's own.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.widgets import assets, keys

Cell = tuple[int, int]  # the true class and the one it was taken for

_mount = assets.component("studio_confusion", __file__)


def matrix(classes: Sequence[str], counts: Sequence[Sequence[int]], *, key: str) -> Cell | None:
    """Draws the table and gives the cell that a user chose, if any.

    Args:
        classes: the names of the classes.
        counts: for each true class, how many of it were taken for each.
        key: also of the session state that holds the choice, under `KEY_chosen`.
    """
    held = keys.part(key, "chosen")

    def choose() -> None:
        truth, guess = st.session_state[key].cell
        st.session_state[held] = None if truth < 0 else (truth, guess)

    chosen: Cell | None = st.session_state.get(held)
    if chosen is not None and not _there(chosen, counts):
        chosen = None
    data = {"classes": list(classes), "counts": [list(row) for row in counts], "chosen": chosen}
    _mount(data=data, key=key, on_cell_change=choose)
    return chosen


def _there(cell: Cell, counts: Sequence[Sequence[int]]) -> bool:
    truth, guess = cell
    return truth < len(counts) and guess < len(counts) and counts[truth][guess] > 0
