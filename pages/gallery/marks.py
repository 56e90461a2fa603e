"""Stars, tags, names and boards of an item on the gallery page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.widgets import assets, words
from pages.widgets.owners import get_owner
from studio.core.errors import StudioError
from studio.engine.jobs.records import MAX_NAME_CHARACTERS, MAX_TAG_CHARACTERS, MAX_TAGS
from studio.gallery import index, marks
from studio.gallery.index import Entry
from studio.gallery.items import Item

TILES_KEY = "gallery_tiles"  # the container of the tiles and their stars
_STARS_KEY = "gallery_stars"


def show_stars(entries: Sequence[Entry], labels: Mapping[str, str], width: float) -> None:
    """Draws a star on each tile; a click toggles it. Call it within the container TILES.

    The stars are `st.pills` laid over the tiles, because HTML allows no button within a button.

    Args:
        entries: the items of the tiles, in their order.
        labels: the label of each item by its id.
        width: least width of a tile, in rem.
    """
    starred_ids = [entry.id for entry in entries if entry.starred]
    st.session_state[_STARS_KEY] = starred_ids
    st.html(assets.render_style(__file__, "stars.css", _STARS_KEY, tile=f"{width}rem"))
    st.pills(
        "Stars",
        [entry.id for entry in entries],
        selection_mode="multi",
        format_func=lambda id: f"Star: {labels[id]}",
        key=_STARS_KEY,
        width="stretch",
        label_visibility="collapsed",
        on_change=_toggle_stars,
        args=(starred_ids,),
    )


def _toggle_stars(previous_ids: Sequence[str]) -> None:
    starred_ids = st.session_state[_STARS_KEY]
    for id in {*previous_ids} ^ {*starred_ids}:
        change_marks(id, starred=id in starred_ids)


def change_marks(id: str, **changes: Any) -> None:
    """Changes the marks of an item, or shows an error. Call it from a callback.

    Args:
        id: of the item.
        changes: see `studio.gallery.marks.change_marks`.
    """
    try:
        marks.change_marks(id, get_owner(), **changes)
    except StudioError as error:
        st.toast(words.escape(str(error)), icon=":material/error:")


def show_marks(item: Item) -> None:
    """Draws the star, name and tags of one item, with the widgets that change them."""
    id, name_key, tags_key = item.id, f"item_name_{item.id}", f"item_tags_{item.id}"
    boards_key = f"item_boards_{id}"
    starred = item.marks.starred
    with st.container(horizontal=True, vertical_alignment="center"):
        toggled_star = {"starred": not starred}
        st.button(
            ":orange[:material/star:] Starred" if starred else ":material/star: Star",
            on_click=change_marks,
            args=(id,),
            kwargs=toggled_star,
            type="tertiary",
            key="item_star",
        )
        with st.popover("Name, tags and boards", icon=":material/edit:", type="tertiary"):
            st.session_state[name_key], st.session_state[tags_key] = item.marks.name, list(item.marks.tags)
            st.session_state[boards_key] = list(item.marks.boards)
            st.text_input(
                "Name",
                placeholder=item.inputs_text,
                max_chars=MAX_NAME_CHARACTERS,
                key=name_key,
                on_change=lambda: change_marks(id, name=st.session_state[name_key]),
                help="Leave it empty to use the name of the input",
            )
            _ask_tags(
                "Tags", item.marks.tags, tags_key, lambda: change_marks(id, tags=st.session_state[tags_key])
            )
            st.multiselect(
                "Boards",
                sorted({*index.list_boards(get_owner()), *item.marks.boards}, key=str.casefold),
                key=boards_key,
                accept_new_options=True,
                max_selections=MAX_TAGS,
                placeholder="Holiday",
                on_change=lambda: change_marks(id, boards=st.session_state[boards_key]),
                help="Collections of results. Type the name of a new board, or choose an earlier one",
            )
    if item.marks.tags or item.marks.boards:
        with st.container(horizontal=True, gap="small", key="item_tags"):
            for tag in item.marks.tags:
                st.badge(words.escape(tag), icon=":material/sell:")
            for board in item.marks.boards:
                st.badge(words.escape(board), icon=":material/dashboard:")


def show_buttons(ids: Sequence[str]) -> None:
    """Draws the buttons that star and tag the selected items; nothing when none is selected."""
    if not ids:
        return
    st.button("Star", icon=":material/star:", on_click=_star, args=(ids,), key="several_star")
    key = "several_tags"
    with st.popover("Tag", icon=":material/sell:"):
        _ask_tags("Tags to add", (), key, lambda: None)
        new_tags = st.session_state[key]
        st.button(
            "Add",
            type="primary",
            disabled=not new_tags,
            on_click=_add_tags,
            args=(ids, key),
            key="several_tag",
        )


def _ask_tags(label: str, current: Sequence[str], key: str, on_change: Any) -> None:
    st.multiselect(
        label,
        sorted({*index.list_tags(get_owner()), *current}),
        key=key,
        accept_new_options=True,
        max_selections=MAX_TAGS,
        placeholder="sea, best of May",
        on_change=on_change,
        help=f"Type a new tag of up to {MAX_TAG_CHARACTERS} characters, or choose an earlier one",
    )


def _star(ids: Sequence[str]) -> None:
    for id in ids:
        change_marks(id, starred=True)


def _add_tags(ids: Sequence[str], key: str) -> None:
    for id in ids:
        change_marks(id, added_tags=st.session_state[key])
    st.session_state[key] = []
