"""Removed items: gone from the grid, back with one click, and away for good only when a user says so; and
those that cannot be read, which can be removed, too."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from pages.widgets import browser_images, words
from pages.widgets.owners import owner
from studio.core.errors import StudioError
from studio.gallery import removal, unreadable

MOST = 24  # that are shown at once
_LAST, _SAID = "gallery_removed", "gallery_said"


def remove(ids: Sequence[str]) -> None:
    """Removes items and remembers them for the undo. Call it from a callback."""
    _try(lambda: removal.remove(ids, owner()), list(ids))


def _try(act, last: list[str]) -> None:
    try:
        act()
    except StudioError as error:
        st.session_state[_SAID] = str(error)
        return
    st.session_state[_LAST] = last


def undo() -> None:
    """After a removal: what was removed, and the button that brings it back."""
    if said := st.session_state.pop(_SAID, ""):
        st.error(words.plain(said), icon=":material/error:")
    last: list[str] = st.session_state.get(_LAST, [])
    if not last:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="undo_bar"):
        what = "1 item is removed." if len(last) == 1 else f"{len(last):,} items are removed."
        st.markdown(f":material/delete: {what}", width="stretch")
        st.button("Undo", icon=":material/undo:", type="primary", on_click=_restore, args=(last,), key="undo")
        st.button("Close", icon=":material/close:", type="tertiary", on_click=close, key="undo_close")


def _restore(ids: Sequence[str]) -> None:
    close()  # what cannot be brought back now, for it was let go, cannot be later
    _try(lambda: removal.restore(ids, owner()), [])


def _forget(ids: Sequence[str]) -> None:
    _try(lambda: removal.forget(ids, owner()), [])


def close() -> None:
    """Offers no undo any more."""
    st.session_state[_LAST] = []


def show() -> None:
    """All that was removed and can be brought back; nothing when there is none."""
    found, odd = removal.removed(owner()), unreadable.of_owner(removal.root(), owner())
    ids = [*(item.id for item in found), *(one.id for one in odd)]
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
        for item in found[:MOST]:
            with grid.cell():
                browser_images.captioned(item.thumbnail(), width="stretch", caption=item.name)
                _back(item.id)
        for one in odd[: max(0, MOST - len(found))]:
            with grid.cell():
                st.caption(f":material/broken_image: {words.plain(one.name)}")
                _back(one.id)
        if len(ids) > MOST:
            st.caption(f"And {len(ids) - MOST:,} more.")


def _back(id: str) -> None:
    st.button("Restore", key=f"restore_{id}", type="tertiary", on_click=_restore, args=([id],))


def odd() -> None:
    """What cannot be read, with the button that removes it; nothing when there is none."""
    found = unreadable.of_owner(owner=owner())
    if not found:
        return
    with st.expander(f"Unreadable ({len(found):,})", icon=":material/broken_image:"):
        st.caption("These items are damaged or were changed outside the studio. Everything else is fine.")
        for one in found[:MOST]:
            with st.container(horizontal=True, vertical_alignment="center"):
                day = time.strftime("%d %B %Y", time.localtime(one.changed)).lstrip("0")
                st.markdown(f"{words.plain(one.name)}, {day}", width="stretch")
                st.button("Remove", key=f"odd_{one.id}", type="tertiary", on_click=remove, args=([one.id],))
        if len(found) > MOST:
            st.caption(f"And {len(found) - MOST:,} more.")
