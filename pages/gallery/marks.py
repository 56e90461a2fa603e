"""Stars, tags and names on the gallery page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.widgets import assets, words
from pages.widgets.owners import owner
from studio.core.errors import StudioError
from studio.engine.jobs.parts import MOST_NAME, MOST_TAG, MOST_TAGS
from studio.gallery import index, marks
from studio.gallery.index import Entry
from studio.gallery.items import Item

TILES = "gallery_tiles"  # the container of the tiles and their stars
_STARS = "gallery_stars"


def stars(entries: Sequence[Entry], labels: Mapping[str, str], width: float) -> None:
    """Draws a star on each tile; a click toggles it. Call it within the container TILES.

    The stars are `st.pills` laid over the tiles, because HTML allows no button within a button.

    Args:
        entries: the items of the tiles, in their order.
        labels: the label of each item by its id.
        width: least width of a tile, in rem.
    """
    starred_ids = [entry.id for entry in entries if entry.starred]
    st.session_state[_STARS] = starred_ids
    st.html(assets.style(__file__, "stars.css", _STARS, tile=f"{width}rem"))
    st.pills(
        "Stars",
        [entry.id for entry in entries],
        selection_mode="multi",
        format_func=lambda id: f"Star: {labels[id]}",
        key=_STARS,
        width="stretch",
        label_visibility="collapsed",
        on_change=_toggle_stars,
        args=(starred_ids,),
    )


def _toggle_stars(before: Sequence[str]) -> None:
    starred_ids = st.session_state[_STARS]
    for id in {*before} ^ {*starred_ids}:
        change(id, starred=id in starred_ids)


def change(id: str, **changes: Any) -> None:
    """Changes the marks of an item, or shows an error. Call it from a callback.

    Args:
        id: of the item.
        changes: see `studio.gallery.marks.change`.
    """
    try:
        marks.change(id, owner(), **changes)
    except StudioError as error:
        st.toast(words.plain(str(error)), icon=":material/error:")


def of_item(item: Item) -> None:
    """Shows the marks of one item and lets the user change them."""
    id, name, tags = item.id, f"item_name_{item.id}", f"item_tags_{item.id}"
    starred = item.marks.starred
    with st.container(horizontal=True, vertical_alignment="center"):
        toggled = {"starred": not starred}
        st.button(
            ":orange[:material/star:] Starred" if starred else ":material/star: Star",
            on_click=change,
            args=(id,),
            kwargs=toggled,
            type="tertiary",
            key="item_star",
        )
        with st.popover("Name and tags", icon=":material/edit:", type="tertiary"):
            st.session_state[name], st.session_state[tags] = item.marks.name, list(item.marks.tags)
            st.text_input(
                "Name",
                placeholder=item.made_of,
                max_chars=MOST_NAME,
                key=name,
                on_change=lambda: change(id, name=st.session_state[name]),
                help="Leave it empty to use the name of the input",
            )
            _tags("Tags", item.marks.tags, tags, lambda: change(id, tags=st.session_state[tags]))
    if item.marks.tags:
        with st.container(horizontal=True, gap="small", key="item_tags"):
            for tag in item.marks.tags:
                st.badge(words.plain(tag), icon=":material/sell:")


def of_several(ids: Sequence[str]) -> None:
    """Draws the buttons that star and tag the selected items; nothing when none is selected."""
    if not ids:
        return
    st.button("Star", icon=":material/star:", on_click=_star, args=(ids,), key="several_star")
    key = "several_tags"
    with st.popover("Tag", icon=":material/sell:"):
        _tags("Tags to add", (), key, lambda: None)
        new_tags = st.session_state[key]
        st.button(
            "Add", type="primary", disabled=not new_tags, on_click=_tag, args=(ids, key), key="several_tag"
        )


def _tags(label: str, current: Sequence[str], key: str, on_change: Any) -> None:
    st.multiselect(
        label,
        sorted({*index.tags_of(owner()), *current}),
        key=key,
        accept_new_options=True,
        max_selections=MOST_TAGS,
        placeholder="sea, best of May",
        on_change=on_change,
        help=f"Type a new tag of up to {MOST_TAG} characters, or choose an earlier one",
    )


def _star(ids: Sequence[str]) -> None:
    for id in ids:
        change(id, starred=True)


def _tag(ids: Sequence[str], key: str) -> None:
    for id in ids:
        change(id, more=st.session_state[key])
    st.session_state[key] = []
