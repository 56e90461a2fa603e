"""One item of the gallery, as large as the page allows, with its recipe and the actions for it."""

from __future__ import annotations

import time

import streamlit as st

from pages.gallery import address, grid, learning_curves, marks, removed_items, sweeps
from pages.jobs import captions, item_actions, navigation, results
from pages.widgets import assets, words
from pages.widgets.image_viewer import Neighbors
from pages.widgets.owners import get_owner
from studio.core import amounts, tasks
from studio.core.errors import StudioError
from studio.core.tasks import File
from studio.engine.jobs import store
from studio.gallery import index, items
from studio.gallery.items import Item


def find_current_items() -> list[Item]:
    """Returns the items that the address names, the one that is shown large first.

    It warns about those that are gone, and removes them from the address.
    """
    found_items = []
    for name in (navigation.ITEM_PARAMETER, navigation.OTHER_PARAMETER):
        for id in st.query_params.get_all(name)[: address.MAX_COMPARED]:
            try:
                found_items.append(items.find(id, get_owner()))
            except StudioError as error:
                if store.is_id(id):
                    index.drop(id)  # the index of the grid still has it
                st.query_params[name] = [other for other in st.query_params.get_all(name) if other != id]
                st.warning(words.escape(str(error)), icon=":material/search_off:")
    return found_items[: address.MAX_COMPARED]


def show(item: Item) -> None:
    """Draws the item, buttons for its neighbors, and the actions for it."""
    if st.session_state.get(grid.LAST_SHOWN_KEY) != item.id:
        assets.run_script(__file__, "move_focus.js", selector=".st-key-item_back button")
    st.session_state[grid.LAST_SHOWN_KEY] = item.id
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("All", icon=":material/grid_view:", on_click=grid.return_to_grid, key="item_back")
        st.space("stretch")
        entries, _ = index.find(st.session_state.get(grid.QUERY_KEY, index.ALL), get_owner())
        neighbors = Neighbors.of(item.id, [entry.id for entry in entries], address.open_item)
        for label, icon, id in (
            ("Newer", ":material/chevron_left:", neighbors.previous),
            ("Older", ":material/chevron_right:", neighbors.next),
        ):
            st.button(
                label,
                icon=icon,
                key=f"item_{label}",
                disabled=not id,
                on_click=address.open_item,
                args=(id,),
                type="tertiary",
            )
    left, right = st.columns([9, 5], gap="large")
    with left:
        images = [entry.id for entry in entries if entry.kind == "image"]
        file = item.result.files[0]
        results.show_result(
            file,
            _find_content(item),
            # The same key for all images, so that a lightbox stays open while it shows one after the other.
            key="item_image" if file.kind == "image" else f"item_{item.id}",
            caption=captions.describe_run(item, item.result),
            neighbors=Neighbors.of(item.id, images, address.open_item),
        )
        learning_curves.show({item.name: item}, key=f"metric_{item.id}")
    with right:
        _show_details(item)
    sweeps.show_cells(item)


def _find_content(item: Item) -> File | None:
    """Returns the image that a single result was made from, if it is still stored."""
    files = item.inputs.get("content", []) if len(item.result.files) == 1 else []
    return files[0] if files and files[0].kind == "image" and files[0].is_available else None


def _show_details(item: Item) -> None:
    st.subheader(words.escape(f"{item.title}: {item.name}"), anchor=False)
    st.caption(_format_date_and_duration(item))
    marks.show_marks(item)
    results.show_notes(item.result.figures.get("notes", ()))
    settings = tasks.parse_saved_settings(item.task, item.settings)
    file = item.result.files[0]
    with st.container(horizontal=True):
        if settings is not None:
            item_actions.show_actions(item.task, settings, item.inputs, item.result.recipe, key=item.id)
        item_actions.show_uses(file, key=item.id)
        results.show_file_download(
            file, item.task, key=item.id, recipe=item.result.recipe, name=item.marks.name
        )
        st.button(
            "Remove", icon=":material/delete:", key="item_remove", on_click=_remove_item, args=(item.id,)
        )
    if file.kind == "model" and file.is_available:
        item_actions.keep_model(file)
    page = item_actions.page_of_results(item.task, item.settings)
    if page is not None and settings is not None:
        st.page_link(
            page.file,
            label=f"Open in {page.title}",
            icon=page.icon,
            query_params={navigation.JOB_PARAMETER: item.id},
        )
    if settings is None:
        st.caption("This version of the studio no longer has this task or no longer accepts these settings.")
        return
    results.show_recipe(item.task, settings, item.inputs, item.result.recipe)


def format_date(item: Item) -> str:
    """Returns when an item was made, in local time: "3 May 2026, 14:07"."""
    return time.strftime("%d %B %Y, %H:%M", time.localtime(item.created)).lstrip("0")


def _format_date_and_duration(item: Item) -> str:
    duration = amounts.format_duration(max(item.seconds, 1)) if item.seconds else ""
    return f"{format_date(item)} · took {duration}" if duration else format_date(item)


def _remove_item(id: str) -> None:
    removed_items.remove([id])
    grid.return_to_grid()
