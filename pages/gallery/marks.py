"""Stars, tags and names as the gallery's page shows and changes them."""

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

TILES = "gallery_tiles"  # the container of the grid's tiles and of their stars
_STARS = "gallery_stars"


def stars(found: Sequence[Entry], labels: Mapping[str, str], width: float) -> None:
    """Draws a star on each tile; a click gives it or takes it away. Call it within the container TILES.

    They are `st.pills`, as the tiles are, laid out as those and over them: a button within a button is none.

    Args:
        found: what the tiles show, in their order.
        labels: what stands below each, by its id.
        width: of a tile at least, in rem.
    """
    had = [entry.id for entry in found if entry.starred]
    st.session_state[_STARS] = had
    st.html(assets.style(__file__, "stars.css", _STARS, tile=f"{width}rem"))
    st.pills(
        "Stars",
        [entry.id for entry in found],
        selection_mode="multi",
        format_func=lambda id: f"Star: {labels[id]}",
        key=_STARS,
        width="stretch",
        label_visibility="collapsed",
        on_change=_clicked,
        args=(had,),
    )


def _clicked(had: Sequence[str]) -> None:
    chosen = st.session_state[_STARS]
    for id in {*had} ^ {*chosen}:
        change(id, starred=id in chosen)


def change(id: str, **told: Any) -> None:
    """Marks an item again, see `studio.gallery.marks.change`, or says why not. Call it from a callback."""
    try:
        marks.change(id, owner(), **told)
    except StudioError as error:
        st.toast(words.plain(str(error)), icon=":material/error:")


def of_item(item: Item) -> None:
    """Shows how one item is marked, and takes what shall be changed."""
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
    """Stars and tags the items that are picked; nothing where none is."""
    if not ids:
        return
    st.button("Star", icon=":material/star:", on_click=_star, args=(ids,), key="several_star")
    key = "several_tags"
    with st.popover("Tag", icon=":material/sell:"):
        _tags("Tags to add", (), key, lambda: None)
        given = st.session_state[key]
        st.button(
            "Add", type="primary", disabled=not given, on_click=_tag, args=(ids, key), key="several_tag"
        )


def _tags(label: str, had: Sequence[str], key: str, on_change: Any) -> None:
    st.multiselect(
        label,
        sorted({*index.tags_of(owner()), *had}),
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
