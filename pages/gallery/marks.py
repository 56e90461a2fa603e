"""Stars, tags and names as the gallery's page shows and changes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import streamlit as st

from pages.widgets import words
from pages.widgets.owners import owner
from studio.core.errors import StudioError
from studio.engine.jobs.parts import MOST_NAME, MOST_TAG, MOST_TAGS
from studio.gallery import index, marks
from studio.gallery.index import Entry
from studio.gallery.items import Item

TILES = "gallery_tiles"  # the container of the wall's tiles and of their stars
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
    st.html(_style(width))
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
    """Marks an item anew, see `studio.gallery.marks.change`, or says why not. Call it from a callback."""
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
                help="Left empty, it is called by what it was made of",
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
        help=f"Type a new one, of up to {MOST_TAG} characters, or choose one that you have given before",
    )


def _star(ids: Sequence[str]) -> None:
    for id in ids:
        change(id, starred=True)


def _tag(ids: Sequence[str], key: str) -> None:
    for id in ids:
        change(id, more=st.session_state[key])
    st.session_state[key] = []


# A star in a square of 24.
_PATH = "M12 3.3l2.7 5.5 6 .9-4.3 4.3 1 6.1L12 17.2l-5.4 2.9 1-6.1L3.3 9.7l6-.9z"
_DRAWN = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'><path d='PATH' LOOK/></svg>"
_STYLE = """
<style>
.st-key-TILES { position: relative; }
.stElementContainer.st-key-STARS { position: absolute; inset: 0; width: auto; pointer-events: none; }
.st-key-STARS [data-testid="stButtonGroup"] { position: static; }
.st-key-STARS [data-testid="stButtonGroup"] > div { position: absolute; inset: 0; display: grid; gap: 0.5rem;
  grid-template-columns: repeat(auto-fill, minmax(WIDTH, 1fr)); grid-auto-rows: 1fr; }
.st-key-STARS button { position: relative; pointer-events: auto; place-self: start end; margin: 0.4rem;
  padding: 0; width: 2rem; height: 2rem; min-width: 0; min-height: 0; border: 0; border-radius: 50%;
  overflow: hidden; background: rgb(20 22 28 / 50%) !important; }
.st-key-STARS button:hover { background: rgb(20 22 28 / 80%) !important; }
.st-key-STARS button:focus-visible { outline: 3px solid currentColor; }
.st-key-STARS button > * { position: absolute; inset: 0; opacity: 0; }
.st-key-STARS button::before { content: ""; width: 1.4rem; height: 1.4rem;
  background: HOLLOW center / contain no-repeat; }
.st-key-STARS button[aria-pressed="true"]::before { background-image: FULL; }
</style>
"""


def _style(width: float) -> str:
    hollow, full = "fill='none' stroke='white' stroke-width='1.8'", "fill='#ffd257'"
    words = {"TILES": TILES, "STARS": _STARS, "WIDTH": f"{width}rem"}
    words |= {"HOLLOW": _picture(hollow), "FULL": _picture(full)}
    style = _STYLE
    for name, text in words.items():
        style = style.replace(name, text)
    return style


def _picture(look: str) -> str:
    """As CSS takes it; in plain letters Streamlit would take it for a tag, and drop the whole style."""
    return f'url("data:image/svg+xml,{quote(_DRAWN.replace("PATH", _PATH).replace("LOOK", look))}")'
