"""Removed items, which can be restored or deleted permanently, and items that cannot be read."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from pages.widgets import browser_images, words
from pages.widgets.owners import owner
from studio.core.errors import StudioError
from studio.gallery import removal, unreadable

MOST = 24  # items that are shown at once
_LAST, _ERROR = "gallery_removed", "gallery_error"


def remove(ids: Sequence[str]) -> None:
    """Removes items and remembers them for the undo. Call it from a callback."""
    _try(lambda: removal.remove(ids, owner()), list(ids))


def _try(act, last: list[str]) -> None:
    try:
        act()
    except StudioError as error:
        st.session_state[_ERROR] = str(error)
        return
    st.session_state[_LAST] = last


def offer_undo() -> None:
    """Shows the last removal with a button that restores the items, or the error of the last action."""
    if error := st.session_state.pop(_ERROR, ""):
        st.error(words.plain(error), icon=":material/error:")
    last: list[str] = st.session_state.get(_LAST, [])
    if not last:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="undo_bar"):
        text = "1 item is removed." if len(last) == 1 else f"{len(last):,} items are removed."
        st.markdown(f":material/delete: {text}", width="stretch")
        st.button("Undo", icon=":material/undo:", type="primary", on_click=_restore, args=(last,), key="undo")
        st.button("Close", icon=":material/close:", type="tertiary", on_click=close, key="undo_close")


def _restore(ids: Sequence[str]) -> None:
    close()  # Offer it once: items that cannot be restored now were deleted.
    _try(lambda: removal.restore(ids, owner()), [])


def _forget(ids: Sequence[str]) -> None:
    _try(lambda: removal.forget(ids, owner()), [])


def close() -> None:
    """Stops offering the undo."""
    st.session_state[_LAST] = []


def show() -> None:
    """Shows all removed items that can be restored; draws nothing when there are none."""
    items, damaged_items = removal.list_removed(owner()), unreadable.of_owner(removal.root(), owner())
    ids = [*(item.id for item in items), *(item.id for item in damaged_items)]
    if not ids:
        return
    with st.expander(f"Removed ({len(ids):,})", icon=":material/delete:"):
        with st.container(horizontal=True):
            st.button("Restore all", icon=":material/undo:", on_click=_restore, args=(ids,))
            with st.popover("Delete all permanently", icon=":material/delete_forever:"):
                st.markdown("This cannot be undone.")
                st.button("Yes, delete", type="primary", on_click=_forget, args=(ids,))
        with st.container(key="bin"):
            grid = st.grid(8, min_column_width=110)
        for item in items[:MOST]:
            with grid.cell():
                browser_images.captioned(item.thumbnail(), width="stretch", caption=item.name)
                _restore_button(item.id)
        for folder in damaged_items[: max(0, MOST - len(items))]:
            with grid.cell():
                st.caption(f":material/broken_image: {words.plain(folder.name)}")
                _restore_button(folder.id)
        if len(ids) > MOST:
            st.caption(f"And {len(ids) - MOST:,} more.")


def _restore_button(id: str) -> None:
    st.button("Restore", key=f"restore_{id}", type="tertiary", on_click=_restore, args=([id],))


def show_unreadable() -> None:
    """Shows the items that cannot be read, with a button that removes each; nothing when there are none."""
    items = unreadable.of_owner(owner=owner())
    if not items:
        return
    with st.expander(f"Unreadable ({len(items):,})", icon=":material/broken_image:"):
        st.caption("These items are damaged or were changed outside the studio. Everything else is fine.")
        for item in items[:MOST]:
            with st.container(horizontal=True, vertical_alignment="center"):
                day = time.strftime("%d %B %Y", time.localtime(item.changed)).lstrip("0")
                st.markdown(f"{words.plain(item.name)}, {day}", width="stretch")
                st.button("Remove", key=f"odd_{item.id}", type="tertiary", on_click=remove, args=([item.id],))
        if len(items) > MOST:
            st.caption(f"And {len(items) - MOST:,} more.")
