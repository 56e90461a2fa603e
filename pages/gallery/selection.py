"""Compares, stars, tags, puts on boards, saves or removes several items at once."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from pages.gallery import address, boards, marks, removed_items
from pages.widgets import words
from pages.widgets.owners import get_owner
from studio.gallery import export, index, items
from studio.gallery.index import Filter

MAX_ITEMS = 500  # items in a zip


def show_actions(query: Filter, ids: Sequence[str] | None, total: int) -> None:
    """Draws the buttons for several items; call it in a horizontal container.

    Args:
        query: the search of the grid.
        ids: of the selected items; None for all items of the grid.
        total: number of items of the grid.
    """
    count = total if ids is None else len(ids)
    if ids is not None:
        if 2 <= len(ids) <= address.MAX_COMPARED:
            st.button(
                "Compare",
                icon=":material/compare:",
                on_click=address.open_comparison,
                args=tuple(ids),
                key="compare",
            )
        marks.show_buttons(ids)
        boards.show_buttons(ids, query.board)
        label = f"Remove {count:,}" if ids else "Remove"
        st.button(
            label,
            icon=":material/delete:",
            disabled=not ids,
            on_click=removed_items.remove,
            args=(ids,),
        )
    owner_name = get_owner()
    # Check the size first, because a failed download shows no error. For the whole grid the help says it.
    available = items.find_complete(ids, owner_name) if ids and count <= MAX_ITEMS else []
    too_many = count > MAX_ITEMS or export.measure_bytes(available) > export.MAX_DOWNLOAD_BYTES
    st.download_button(
        f"Save {count:,} as zip" if count else "Save as zip",
        lambda: zip_items(query, ids, owner_name),
        file_name=words.make_file_name(f"gallery {time.strftime('%Y-%m-%d')}", ".zip"),
        mime="application/zip",
        icon=":material/folder_zip:",
        disabled=not count or too_many or bool(ids and not available),
        on_click="ignore",
        help=f"Each file comes with its recipe. {export.TOO_MANY}",
    )
    if too_many:
        st.caption(export.TOO_MANY)


def zip_items(query: Filter, ids: Sequence[str] | None, owner_name: str) -> bytes:
    """Returns a zip of the selected items, or of all that `query` finds, without items whose files are gone.

    Raises:
        InsufficientSpace: if the zip would be too large for a browser.
        InvalidInput: if no file is left.
    """
    ids = ids or [entry.id for entry in index.find(query, owner_name, MAX_ITEMS)[0]]
    return export.to_zip(items.find_complete(ids, owner_name))
