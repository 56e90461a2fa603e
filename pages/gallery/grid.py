"""The grid of the gallery: search, pages of thumbnails, and selection of several items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.form import forms, image_input
from pages.gallery import address, marks, selection
from pages.jobs.navigation import PAGES
from pages.widgets import assets, keys, words
from pages.widgets.owners import owner
from studio.gallery import index
from studio.gallery.index import Entry, Filter

PAGE = 48
TILE = 8.5  # rem: least width of a tile
LAST_SHOWN = "gallery_left"  # of the session: id of the item that was shown large before the grid
KINDS = {"all": "All", "image": "Images", "animation": "Videos", "text": "Texts", "model": "Models"}
BEGIN = ("style", "dream", "faces", "text")  # pages whose first result takes little time
_NOUNS = {"animation": "Video: ", "text": "Text: ", "model": "Model: ", "dataset": "Set: "}
_QUERY, _PAGE, _SELECT_SEVERAL, _TILES = "gallery_query", "gallery_page", "gallery_picked", "gallery_shelf"


def ask() -> Filter:
    """Asks for the search: kind, task, tag, words of the recipe, star."""
    kind = forms.one_of("Show", KINDS, key="kind", hidden=True)
    tasks = {"": "Everything"} | index.tasks_of(owner())
    tags = {"": "Any"} | {tag: tag for tag in index.tags_of(owner())}
    has_tags = len(tags) > 1
    columns = st.columns([3, 3, 4, 2] if has_tags else [4, 6, 2], vertical_alignment="bottom")
    with columns[0]:
        task = _select("Made by", tasks, key="by")
    tag = ""
    if has_tags:
        with columns[1]:
            tag = _select("Tag", tags, key="tag")
    with columns[-1]:
        starred = st.toggle("Starred", key="starred", bind="query-params")
    with columns[-2]:
        text = st.text_input(
            "Search",
            key="words",
            bind="query-params",
            placeholder="mosaic 512",
            help="Finds results that have every word in their name, tags, date or settings. "
            "To match a setting, type seed=7",
        )
    query = Filter("" if kind == "all" else kind, task, text or "", starred=starred, tag=tag)
    if st.session_state.get(_QUERY) != query:
        st.session_state[_QUERY], st.session_state[_PAGE] = query, 0
    return query


def _select(label: str, titles: Mapping[str, str], *, key: str) -> str:
    """Returns the chosen name; the first one when the previous choice is no longer there."""
    forms.drop_stale_choice(key, titles)
    return st.selectbox(label, list(titles), format_func=titles.__getitem__, key=key)


def back() -> None:
    """Returns to the grid with its last search. Call it from a callback."""
    address.close()
    query: Filter = st.session_state.get(_QUERY, index.ALL)
    st.session_state["kind"], st.session_state["words"] = query.kind or "all", query.words
    st.session_state["by"], st.session_state["tag"] = query.task, query.tag
    st.session_state["starred"] = query.starred


def show(query: Filter) -> None:
    """Draws the grid; a click opens an item, or selects it while several can be selected."""
    skip = st.session_state.setdefault(_PAGE, 0) * PAGE
    entries, total = index.find(query, owner(), PAGE, skip)
    if total and not entries:  # all items of the last page were removed
        st.session_state[_PAGE] = (total - 1) // PAGE
        skip = st.session_state[_PAGE] * PAGE
        entries, total = index.find(query, owner(), PAGE, skip)
    if not total:
        _empty(query)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _pager(skip, len(entries), total)
        st.space("stretch")
        several = st.toggle(
            "Select several", key=_SELECT_SEVERAL, help="Remove or save several results together"
        )
        bar = st.container(width="content")
    selected = _tiles(entries, several)
    with bar:
        selection.actions(query, selected if several else None, total)


def _empty(query: Filter) -> None:
    if query != index.ALL:
        st.info("No results match your search. Try other words.", icon=":material/search_off:")
        return
    text = (
        "The gallery is empty. It will hold the results of your jobs and commands, and those that you keep."
    )
    st.info(text, icon=":material/photo_library:")
    with st.container(horizontal=True):
        for place in PAGES:
            if place.capability in BEGIN:
                st.page_link(place.file, label=f"Begin in {place.title}", icon=place.icon)


def _pager(skip: int, count: int, total: int) -> None:
    st.markdown(
        f"**{skip + 1:,} to {skip + count:,}** of {total:,}"
        if total > PAGE
        else f"**{total:,}** {'result' if total == 1 else 'results'}"
    )
    if total <= PAGE:
        return
    moves = (
        ("Newer", -1, ":material/chevron_left:", skip == 0),
        ("Older", 1, ":material/chevron_right:", skip + count >= total),
    )
    for label, step, icon, disabled in moves:
        st.button(
            label,
            icon=icon,
            disabled=disabled,
            key=f"gallery_{step}",
            on_click=_turn,
            args=(step,),
            type="tertiary",
        )


def _turn(step: int) -> None:
    st.session_state[_PAGE] = max(0, st.session_state.get(_PAGE, 0) + step)


def _tiles(entries: Sequence[Entry], several: bool) -> list[str]:
    labels = _labels(entries)
    key = keys.part(_TILES, "several" if several else "one")
    with st.container(key=marks.TILES):
        selected = image_input.pills(
            "Items, newest first",
            list(labels),
            [entry.thumbnail() for entry in entries],
            selection_mode="multi" if several else "single",
            format_func=labels.get,
            key=key,
            tile=TILE,
            label_visibility="collapsed",
            on_change=None if several else _open,
            args=None if several else (key,),
        )
        marks.stars(entries, labels, TILE)
    last_shown = st.session_state.pop(LAST_SHOWN, "")
    if last_shown in labels:
        position = list(labels).index(last_shown)
        assets.run(__file__, "focus_tile.js", widget=keys.css_class(key), index=position)
    return selected if several else []


def _labels(entries: Sequence[Entry]) -> dict[str, str]:
    """Returns the label of each item by its id; labels are unique, because the browser uses them as keys.

    The oldest item of a name has no number, so a new item does not change the labels of the others.
    """
    labels = dict.fromkeys((entry.id for entry in entries), "")
    for entry in reversed(entries):
        name = label = words.plain(_NOUNS.get(entry.kind, "") + entry.name)
        number = 1
        while label in labels.values():
            number += 1
            label = f"{name} {number}"
        labels[entry.id] = label
    return labels


def _open(key: str) -> None:
    address.open(st.session_state[key])
    st.session_state[key] = None
