"""The grid of the gallery: what to look for, thumbnails a page at a time, and what is picked among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.form import forms, image_input
from pages.gallery import address, marks, selection
from pages.jobs.navigation import PLACES
from pages.widgets import assets, keys, words
from pages.widgets.owners import owner
from studio.gallery import index
from studio.gallery.index import Entry, Wanted

PAGE = 48
TILE = 8.5  # rem that a tile is wide at least
LEFT = "gallery_left"  # of the session: which one was shown large before the grid
KINDS = {"all": "All", "image": "Images", "animation": "Videos", "text": "Texts", "model": "Models"}
BEGIN = ("style", "dream", "faces", "text")  # where a first one is made soon
_NOUNS = {"animation": "Video: ", "text": "Text: ", "model": "Model: ", "dataset": "Set: "}
_WANTED, _PAGE, _PICKED, _SHELF = "gallery_wanted", "gallery_page", "gallery_picked", "gallery_shelf"


def ask() -> Wanted:
    """Asks what to look for: a kind, what made it, a tag, words of its recipe, a star."""
    kind = forms.one_of("Show", KINDS, key="kind", hidden=True)
    made_by = {"": "Everything"} | index.tasks_of(owner())
    tags = {"": "Any"} | {tag: tag for tag in index.tags_of(owner())}
    several = len(tags) > 1
    places = st.columns([3, 3, 4, 2] if several else [4, 6, 2], vertical_alignment="bottom")
    with places[0]:
        task = _select("Made by", made_by, key="by")
    tag = ""
    if several:
        with places[1]:
            tag = _select("Tag", tags, key="tag")
    with places[-1]:
        starred = st.toggle("Starred", key="starred", bind="query-params")
    with places[-2]:
        text = st.text_input(
            "Search",
            key="words",
            bind="query-params",
            placeholder="mosaic 512",
            help="Searches names, tags, dates and settings for every word. For one setting, type seed=7",
        )
    wanted = Wanted("" if kind == "all" else kind, task, text or "", starred=starred, tag=tag)
    if st.session_state.get(_WANTED) != wanted:
        st.session_state[_WANTED], st.session_state[_PAGE] = wanted, 0
    return wanted


def _select(label: str, titles: Mapping[str, str], *, key: str) -> str:
    """The name of what is chosen; the first again where there is no longer what was chosen before."""
    forms.choosing(key, titles)
    return st.selectbox(label, list(titles), format_func=titles.__getitem__, key=key)


def back() -> None:
    """Goes back to the grid as it was. Call it from a callback."""
    address.close()
    wanted: Wanted = st.session_state.get(_WANTED, index.ALL)
    st.session_state["kind"], st.session_state["words"] = wanted.kind or "all", wanted.words
    st.session_state["by"], st.session_state["tag"] = wanted.task, wanted.tag
    st.session_state["starred"] = wanted.starred


def grid(wanted: Wanted) -> None:
    """Draws the grid; a click opens an item, or picks it when several are to be picked."""
    skip = st.session_state.setdefault(_PAGE, 0) * PAGE
    found, total = index.find(wanted, owner(), PAGE, skip)
    if total and not found:  # the last ones of the last page were removed
        st.session_state[_PAGE] = (total - 1) // PAGE
        skip = st.session_state[_PAGE] * PAGE
        found, total = index.find(wanted, owner(), PAGE, skip)
    if not total:
        _empty(wanted)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _pager(skip, len(found), total)
        st.space("stretch")
        several = st.toggle("Select several", key=_PICKED, help="Remove or save several results together")
        bar = st.container(width="content")
    picked = _tiles(found, several)
    with bar:
        selection.together(wanted, picked if several else None, total)


def _empty(wanted: Wanted) -> None:
    if wanted != index.ALL:
        st.info("No results match your search. Try other words.", icon=":material/search_off:")
        return
    text = (
        "The gallery is empty. It will hold the results of your jobs and commands, and those that you keep."
    )
    st.info(text, icon=":material/photo_library:")
    with st.container(horizontal=True):
        for place in PLACES:
            if place.capability in BEGIN:
                st.page_link(place.file, label=f"Begin in {place.title}", icon=place.icon)


def _pager(skip: int, shown: int, total: int) -> None:
    st.markdown(
        f"**{skip + 1:,} to {skip + shown:,}** of {total:,}"
        if total > PAGE
        else f"**{total:,}** {'result' if total == 1 else 'results'}"
    )
    if total <= PAGE:
        return
    moves = (
        ("Newer", -1, ":material/chevron_left:", skip == 0),
        ("Older", 1, ":material/chevron_right:", skip + shown >= total),
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


def _tiles(found: Sequence[Entry], several: bool) -> list[str]:
    labels = _labels(found)
    key = keys.part(_SHELF, "several" if several else "one")
    with st.container(key=marks.TILES):
        chosen = image_input.pills(
            "Items, newest first",
            list(labels),
            [entry.thumbnail() for entry in found],
            selection_mode="multi" if several else "single",
            format_func=labels.get,
            key=key,
            tile=TILE,
            label_visibility="collapsed",
            on_change=None if several else _open,
            args=None if several else (key,),
        )
        marks.stars(found, labels, TILE)
    left = st.session_state.pop(LEFT, "")
    if left in labels:
        index_of_left = list(labels).index(left)
        assets.run(__file__, "focus_tile.js", widget=keys.css_class(key), index=index_of_left)
    return chosen if several else []


def _labels(found: Sequence[Entry]) -> dict[str, str]:
    """What stands below each item, by its id; no two alike, since a browser tells them apart by it.

    The oldest of a name goes without a number, so that a new one leaves the names of the others as they are.
    """
    labels = dict.fromkeys((entry.id for entry in found), "")
    for entry in reversed(found):
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
