"""Removed items, which can be restored or deleted permanently, and items that cannot be read."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import streamlit as st

from pages.widgets import browser_images, page_errors, words
from pages.widgets.owners import get_owner
from studio.gallery import removal, unreadable

MAX_SHOWN = 24  # items that are shown at once
_LAST_KEY, _SLOT = "gallery_removed", "gallery"  # the slot is of errors


def remove(ids: Sequence[str]) -> None:
    """Removes items and offers to undo that. Call it from a callback."""
    _apply_change(lambda: removal.remove(ids, get_owner()), list(ids))


def _apply_change(change_items: Callable[[], object], removed_ids: list[str]) -> None:
    """Runs a change and notes the ids that can be restored, or keeps its error for `offer_undo`."""
    if page_errors.attempt(_SLOT, change_items):
        st.session_state[_LAST_KEY] = removed_ids


def offer_undo() -> None:
    """Shows the last removal with a button that restores the items, or the error of the last action."""
    page_errors.show_errors(_SLOT)
    removed_ids: list[str] = st.session_state.get(_LAST_KEY, [])
    if not removed_ids:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="undo_bar"):
        text = "1 item is removed." if len(removed_ids) == 1 else f"{len(removed_ids):,} items are removed."
        st.markdown(f":material/delete: {text}", width="stretch")
        st.button(
            "Undo",
            icon=":material/undo:",
            type="primary",
            on_click=_restore_items,
            args=(removed_ids,),
            key="undo",
        )
        st.button("Close", icon=":material/close:", type="tertiary", on_click=close_undo, key="undo_close")


def _restore_items(ids: Sequence[str]) -> None:
    close_undo()  # Offer it once: items that cannot be restored now were deleted.
    _apply_change(lambda: removal.restore(ids, get_owner()), [])


def _delete_items(ids: Sequence[str]) -> None:
    _apply_change(lambda: removal.delete(ids, get_owner()), [])


def close_undo() -> None:
    """Stops offering to undo the last removal."""
    st.session_state[_LAST_KEY] = []


def show() -> None:
    """Shows all removed items that can be restored; draws nothing when there are none."""
    items = removal.list_removed(get_owner())
    damaged_items = unreadable.list_unreadable(removal.removed_folder(), get_owner())
    ids = [*(item.id for item in items), *(item.id for item in damaged_items)]
    if not ids:
        return
    with st.expander(f"Removed ({len(ids):,})", icon=":material/delete:"):
        with st.container(horizontal=True):
            st.button("Restore all", icon=":material/undo:", on_click=_restore_items, args=(ids,))
            with st.popover("Delete all permanently", icon=":material/delete_forever:"):
                st.markdown("This cannot be undone.")
                st.button("Yes, delete", type="primary", on_click=_delete_items, args=(ids,))
        with st.container(key="bin"):
            grid = st.grid(8, min_column_width=110)
        for item in items[:MAX_SHOWN]:
            with grid.cell():
                browser_images.show_with_caption(item.load_thumbnail(), width="stretch", caption=item.name)
                _show_restore_button(item.id)
        for folder in damaged_items[: max(0, MAX_SHOWN - len(items))]:
            with grid.cell():
                st.caption(f":material/broken_image: {words.escape(folder.name)}")
                _show_restore_button(folder.id)
        if len(ids) > MAX_SHOWN:
            st.caption(f"And {len(ids) - MAX_SHOWN:,} more.")


def _show_restore_button(id: str) -> None:
    st.button("Restore", key=f"restore_{id}", type="tertiary", on_click=_restore_items, args=([id],))


def show_unreadable() -> None:
    """Shows the items that cannot be read, with a button that removes each; nothing when there are none."""
    items = unreadable.list_unreadable(owner=get_owner())
    if not items:
        return
    with st.expander(f"Unreadable ({len(items):,})", icon=":material/broken_image:"):
        st.caption("These items are damaged or were changed outside the studio. Everything else is fine.")
        for item in items[:MAX_SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center"):
                day = time.strftime("%d %B %Y", time.localtime(item.changed)).lstrip("0")
                st.markdown(f"{words.escape(item.name)}, {day}", width="stretch")
                st.button(
                    "Remove", key=f"remove_{item.id}", type="tertiary", on_click=remove, args=([item.id],)
                )
        if len(items) > MAX_SHOWN:
            st.caption(f"And {len(items) - MAX_SHOWN:,} more.")
