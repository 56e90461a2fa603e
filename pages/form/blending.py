"""The toggle for blending: whether a click on an image selects it alone or adds it to the selection."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.widgets import keys


def ask_blend(slot: str, label: str, max_images: int) -> None:
    """Draws the toggle for blending; it is on if several images are already selected.

    Args:
        slot: session key of the selected titles, a list.
        label: of the toggle; "" for no toggle, so that several can always be selected.
        max_images: images that can be blended.
    """
    if not label:
        st.session_state[_blend_key(slot)], st.session_state[_max_key(slot)] = True, max_images
        return
    selected = st.session_state.get(slot, st.query_params.get_all(slot))
    if isinstance(selected, list) and len(selected) > 1:
        st.session_state.setdefault(_blend_key(slot), True)
    st.session_state[_max_key(slot)] = max_images
    help = f"On: a click adds an image, up to {max_images}. Off: a click replaces the image."
    st.toggle(
        label, key=_blend_key(slot), bind="query-params", help=help, on_change=limit_selection, args=(slot,)
    )


def select(slot: str, titles: Sequence[str]) -> None:
    """Selects images by their titles. Call it from a callback."""
    clear(slot, len(titles))
    st.session_state[slot] = list(titles)


def clear(slot: str, count: int) -> None:
    """Clears the selection before `count` images are added, which blend if there are several. A callback."""
    st.session_state[slot], st.session_state[_blend_key(slot)] = [], count > 1


def remember_selection(slot: str, titles: Sequence[str]) -> None:
    """Remembers the selection, so that a second click on the selected image does not deselect it."""
    st.session_state[_last_key(slot)] = list(titles)


def limit_selection(slot: str) -> None:
    """Limits the selection to the newest images: one, or the maximum when blending. A callback."""
    selected = st.session_state.get(slot)
    if not isinstance(selected, list):
        return
    max_images = st.session_state.get(_max_key(slot), 1) if st.session_state.get(_blend_key(slot)) else 1
    if not selected and max_images == 1:
        st.session_state[slot] = st.session_state.get(_last_key(slot), [])[-1:]
    elif len(selected) > max_images:
        st.session_state[slot] = selected[-max_images:]
        if max_images > 1:
            st.toast(f"At most {max_images} at a time: the oldest was replaced.")


def _blend_key(slot: str) -> str:
    return keys.part(slot, "blend")


def _max_key(slot: str) -> str:
    return keys.part(slot, "most")


def _last_key(slot: str) -> str:
    return keys.part(slot, "last")
