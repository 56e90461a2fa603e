"""The grid of the gallery: search, pages of thumbnails, and selection of several items."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from pages.form import forms, tiles
from pages.gallery import address, boards, marks, selection
from pages.jobs.navigation import PAGES
from pages.widgets import assets, keys, words
from pages.widgets.owners import get_owner
from studio.gallery import index
from studio.gallery.index import Entry, Filter

PAGE_SIZE = 48
TILE_WIDTH = 8.5  # rem: least width of a tile
LAST_SHOWN_KEY = "gallery_last_shown"  # in the session: id of the item that was shown large before the grid
KINDS = {"all": "All", "image": "Images", "animation": "Videos", "text": "Texts", "model": "Models"}
FIRST_PAGES = ("style", "dream", "faces", "text")  # pages whose first result takes little time
_ALL_TASKS = ".*"  # after the name of a capability: all its tasks
_KIND_PREFIXES = {"animation": "Video: ", "text": "Text: ", "model": "Model: ", "dataset": "Set: "}
QUERY_KEY, _PAGE_KEY, _SELECT_SEVERAL_KEY, _TILES_KEY = (
    "gallery_query",
    "gallery_page",
    "gallery_several",
    "gallery_items",
)
_FILTERS_KEY = "gallery_show_filters"
_FILTER_PARAMETERS = ("by", "model", "tag", boards.FILTER_KEY, "words", "starred")
_SEVERAL_TILES_KEY = keys.part(_TILES_KEY, "several")


def ask_filter() -> Filter:
    """Draws the search: kind, page or task, model, tag, board, words of the recipe, star. Returns it."""
    st.html(assets.render_style(__file__, "narrow_gallery.css"))
    kind = forms.ask_choice("Show", KINDS, key="kind", hide_label=True)
    if _FILTERS_KEY not in st.session_state:
        st.session_state[_FILTERS_KEY] = any(st.query_params.get(key) for key in _FILTER_PARAMETERS)
    st.toggle("Filters and upload", key=_FILTERS_KEY)  # only on a phone, see the style sheet
    choices = {
        "by": ("Made by", {"": "Everything"} | _list_pages_and_tasks()),
        "model": (
            "Model",
            {"": "Any"} | {name: words.model_label(name) for name in index.list_models(get_owner())},
        ),
        "tag": ("Tag", {"": "Any"} | {tag: tag for tag in index.list_tags(get_owner())}),
    }
    if board_names := index.list_boards(get_owner()):
        choices[boards.FILTER_KEY] = ("Board", {"": "Any"} | {name: name for name in board_names})
    useful = {key: choice for key, choice in choices.items() if len(choice[1]) > 1 or key == "by"}
    with st.container(key="gallery_filters"):
        columns = st.columns([*(3 for _ in useful), 4, 2], vertical_alignment="bottom")
    selected = {}
    for column, (key, (label, titles)) in zip(columns, useful.items(), strict=False):
        with column:
            selected[key] = _ask_choice(label, titles, key=key)
    with columns[-1]:
        starred = st.toggle("Starred", key="starred", bind="query-params")
    with columns[-2]:
        text = st.text_input(
            "Search",
            key="words",
            bind="query-params",
            placeholder="mosaic 512",
            max_chars=200,
            help="Finds results whose name, tags, date or settings contain all your words. To match a "
            "setting, type its name and value, such as seed=7",
        )
    name, is_page = selected["by"].removesuffix(_ALL_TASKS), selected["by"].endswith(_ALL_TASKS)
    query = Filter(
        "" if kind == "all" else kind,
        "" if is_page else name,
        text or "",
        starred=starred,
        tag=selected.get("tag", ""),
        model=selected.get("model", ""),
        capability=name if is_page else "",
        board=selected.get(boards.FILTER_KEY, ""),
    )
    if st.session_state.get(QUERY_KEY) != query:
        st.session_state[QUERY_KEY], st.session_state[_PAGE_KEY] = query, 1
    return query


def _list_pages_and_tasks() -> dict[str, str]:
    """Returns titles by name: pages with results of several tasks as "style.*", then the tasks."""
    titles = index.list_tasks(get_owner())
    capabilities = [name.partition(".")[0] for name in titles]
    pages = {
        f"{page.capability}{_ALL_TASKS}": f"{page.title}, all"
        for page in PAGES
        if capabilities.count(page.capability) > 1
    }
    return pages | titles


def _ask_choice(label: str, titles: Mapping[str, str], *, key: str) -> str:
    """Returns the chosen name; the first one when the previous choice is no longer there."""
    forms.drop_stale_choice(key, titles)
    return st.selectbox(label, list(titles), format_func=titles.__getitem__, key=key)


def return_to_grid() -> None:
    """Returns to the grid with its last search. Call it from a callback."""
    address.open_grid()
    query: Filter = st.session_state.get(QUERY_KEY, index.ALL)
    st.session_state["kind"], st.session_state["words"] = query.kind or "all", query.words
    st.session_state["by"] = f"{query.capability}{_ALL_TASKS}" if query.capability else query.task
    st.session_state["tag"] = query.tag
    st.session_state["model"] = query.model
    st.session_state[boards.FILTER_KEY] = query.board
    st.session_state["starred"] = query.starred


def show(query: Filter) -> None:
    """Draws the grid; a click opens an item, or selects it while several can be selected."""
    skip = (st.session_state.setdefault(_PAGE_KEY, 1) - 1) * PAGE_SIZE
    entries, total = index.find(query, get_owner(), PAGE_SIZE, skip)
    page_count = max(1, math.ceil(total / PAGE_SIZE))
    if skip and not entries:  # all items of the last page were removed
        st.session_state[_PAGE_KEY], skip = page_count, (page_count - 1) * PAGE_SIZE
        entries, _ = index.find(query, get_owner(), PAGE_SIZE, skip)
    if not total:
        _explain_no_results(query)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if page_count > 1:
            st.markdown(f"**{skip + 1:,} to {skip + len(entries):,}** of {total:,}")
            st.pagination(page_count, key=_PAGE_KEY, persist_state="session")
        else:
            st.markdown(f"**{total:,}** {'result' if total == 1 else 'results'}")
        boards.show_current(query.board)
        st.space("stretch")
        is_multiple = st.toggle(
            "Select several",
            key=_SELECT_SEVERAL_KEY,
            persist_state="page",  # also while items are compared
            help="Lets you put several results on a board, remove or save them together",
        )
        actions_area = st.container(
            horizontal=True, vertical_alignment="center", width="content", key="gallery_actions"
        )
    with actions_area:
        if is_multiple:
            st.button(
                "Select all shown",
                icon=":material/select_all:",
                type="tertiary",
                on_click=_select_all,
                args=([entry.id for entry in entries],),
            )
    selected = _show_tiles(entries, is_multiple)
    with actions_area:
        selection.show_actions(query, selected if is_multiple else None, total)


def _select_all(ids: Sequence[str]) -> None:
    st.session_state[_SEVERAL_TILES_KEY] = list(ids)


def _explain_no_results(query: Filter) -> None:
    if query != index.ALL:
        st.info("No results match your search. Try other words.", icon=":material/search_off:")
        return
    text = (
        "The gallery is empty. It will hold the results of your jobs and commands, and those that you keep."
    )
    st.info(text, icon=":material/photo_library:")
    with st.container(horizontal=True):
        for page in PAGES:
            if page.capability in FIRST_PAGES:
                st.page_link(page.file, label=f"Begin in {page.title}", icon=page.icon)


def _show_tiles(entries: Sequence[Entry], is_multiple: bool) -> list[str]:
    labels = _make_unique_labels(entries)
    key = _SEVERAL_TILES_KEY if is_multiple else keys.part(_TILES_KEY, "one")
    with st.container(key=marks.TILES_KEY):
        selected = tiles.show(
            "Items, newest first",
            list(labels),
            [entry.load_thumbnail() for entry in entries],
            selection_mode="multi" if is_multiple else "single",
            format_func=labels.get,
            key=key,
            persist_state="page" if is_multiple else None,
            width=TILE_WIDTH,
            notes=[_format_day(entry.created) for entry in entries],
            label_visibility="collapsed",
            on_change=None if is_multiple else _open_item,
            args=None if is_multiple else (key,),
        )
        marks.show_stars(entries, labels, TILE_WIDTH)
    last_shown = st.session_state.pop(LAST_SHOWN_KEY, "")
    if last_shown in labels:
        position = list(labels).index(last_shown)
        buttons = f'.{keys.css_class(key)} [data-testid="stButtonGroup"] button'
        assets.run_script(__file__, "move_focus.js", selector=buttons, index=position)
    return selected if is_multiple else []


def _format_day(seconds: float) -> str:
    """Returns the local day of a time in seconds since 1970: "Today", "Yesterday" or "3 May 2026"."""
    day = datetime.fromtimestamp(seconds).date()
    age = (datetime.now().date() - day).days
    return {0: "Today", 1: "Yesterday"}.get(age, f"{day.day} {day:%B %Y}")


def _make_unique_labels(entries: Sequence[Entry]) -> dict[str, str]:
    """Returns the label of each item by its id; labels are unique, because the browser uses them as keys.

    The oldest item of a name has no number, so a new item does not change the labels of the others.
    """
    labels = dict.fromkeys((entry.id for entry in entries), "")
    for entry in reversed(entries):
        name = label = words.escape(_KIND_PREFIXES.get(entry.kind, "") + entry.name)
        number = 1
        while label in labels.values():
            number += 1
            label = f"{name} {number}"
        labels[entry.id] = label
    return labels


def _open_item(key: str) -> None:
    address.open_item(st.session_state[key])
    st.session_state[key] = None
