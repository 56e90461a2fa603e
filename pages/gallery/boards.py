"""Boards on the gallery page: put selected results on one, take them off, rename or delete it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.gallery import marks
from pages.widgets import keys, words
from pages.widgets.owners import get_owner
from studio.core.errors import StudioError
from studio.engine.jobs.records import MAX_TAG_CHARACTERS
from studio.gallery import boards, index

FILTER_KEY = "board"  # the choice of a board above the grid
_ADDED_KEY = "several_board"
# In the session: whether these menus are open. Callbacks close them.
_MENU_KEY, _PUT_MENU_KEY = "board_menu", "several_board_menu"


def show_current(name: str) -> None:
    """Draws the menu of the board that the grid shows; nothing without one."""
    if not name:
        return
    label = f"Board: {words.escape(name)}"
    with st.popover(label, icon=":material/dashboard:", key=_MENU_KEY, on_change="rerun"):
        st.text_input("Name", name, key=_name_key(name), max_chars=MAX_TAG_CHARACTERS)
        with st.container(horizontal=True):
            st.button("Rename", icon=":material/edit:", on_click=_rename, args=(name,), key="board_rename")
            st.button("Delete", icon=":material/delete:", on_click=_delete, args=(name,), key="board_delete")
        st.caption("Its results stay in the gallery when you delete a board.")


def show_buttons(ids: Sequence[str], current: str) -> None:
    """Draws the buttons that put results on a board or take them off; nothing when none is selected.

    Args:
        ids: of the selected results.
        current: the board that the grid shows; "" for none.
    """
    if not ids:
        return
    with st.popover("Put on a board", icon=":material/dashboard:", key=_PUT_MENU_KEY, on_change="rerun"):
        name = st.selectbox(
            "Board",
            index.list_boards(get_owner()),
            None,
            key=_ADDED_KEY,
            accept_new_options=True,
            placeholder="Choose one, or type a new name",
            help=f"A name has up to {MAX_TAG_CHARACTERS} characters.",
        )
        st.button(
            "Put", type="primary", disabled=not name, on_click=_add, args=(ids, name), key="several_board_add"
        )
    if current:
        st.button(
            "Take off this board",
            icon=":material/remove:",
            on_click=_take_off,
            args=(ids, current),
            key="several_board_off",
        )


def _add(ids: Sequence[str], name: str) -> None:
    for id in ids:
        marks.change_marks(id, added_boards=[name])
    st.session_state[_ADDED_KEY] = None
    st.session_state[_PUT_MENU_KEY] = False


def _take_off(ids: Sequence[str], name: str) -> None:
    for id in ids:
        marks.change_marks(id, removed_boards=[name])


def _rename(name: str) -> None:
    st.session_state[_MENU_KEY] = False
    new_name = " ".join(st.session_state[_name_key(name)].split())
    if new_name != name and _change(lambda: boards.rename(name, new_name, get_owner())):
        st.session_state[FILTER_KEY] = next(
            board for board in index.list_boards(get_owner()) if board.casefold() == new_name.casefold()
        )


def _delete(name: str) -> None:
    st.session_state[_MENU_KEY] = False
    if _change(lambda: boards.delete(name, get_owner())):
        st.session_state[FILTER_KEY] = ""


def _name_key(name: str) -> str:
    """Returns the key of the field with the new name of a board."""
    return keys.part("board_name", name)


def _change(change: Callable[[], int]) -> bool:
    """Changes a board. Returns False after showing an error. A callback."""
    try:
        change()
    except StudioError as error:
        st.toast(words.escape(str(error)), icon=":material/error:")
        return False
    return True
