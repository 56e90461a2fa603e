"""Whether a click on an image selects it alone or adds it to a blend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.widgets import keys


def toggle(slot: str, label: str, most: int) -> None:
    """Asks whether several images are blended; on if several are already selected.

    Args:
        slot: session key of the selected titles, a list.
        label: of the toggle; "" for no toggle, so that several can always be selected.
        most: images that can be blended.
    """
    if not label:
        st.session_state[_blend_key(slot)], st.session_state[_most_key(slot)] = True, most
        return
    selected = st.session_state.get(slot, st.query_params.get_all(slot))
    if isinstance(selected, list) and len(selected) > 1:
        st.session_state.setdefault(_blend_key(slot), True)
    st.session_state[_most_key(slot)] = most
    help = f"On: a click adds an image, up to {most}. Off: a click replaces the image."
    options: dict[str, Any] = {"bind": "query-params", "help": help, "on_change": limit, "args": (slot,)}
    st.toggle(label, key=_blend_key(slot), **options)


def choose(slot: str, titles: Sequence[str]) -> None:
    """Selects these images. Call it from a callback."""
    begin(slot, len(titles))
    st.session_state[slot] = list(titles)


def begin(slot: str, count: int) -> None:
    """Clears the selection and turns blending on if `count` is above 1. Call it from a callback."""
    st.session_state[slot], st.session_state[_blend_key(slot)] = [], count > 1


def remember(slot: str, titles: Sequence[str]) -> None:
    """Remembers the selection, so that a second click on the selected image does not deselect it."""
    st.session_state[_last_key(slot)] = list(titles)


def limit(slot: str) -> None:
    """Limits the selection to the newest images: `most` when blending, else one. Call it from a callback."""
    selected = st.session_state.get(slot)
    if not isinstance(selected, list):
        return
    most = st.session_state.get(_most_key(slot), 1) if st.session_state.get(_blend_key(slot)) else 1
    if not selected and most == 1:
        st.session_state[slot] = st.session_state.get(_last_key(slot), [])[-1:]
    elif len(selected) > most:
        st.session_state[slot] = selected[-most:]
        if most > 1:
            st.toast(f"At most {most} at a time: the oldest was replaced.")


def _blend_key(slot: str) -> str:
    return keys.part(slot, "blend")


def _most_key(slot: str) -> str:
    return keys.part(slot, "most")


def _last_key(slot: str) -> str:
    return keys.part(slot, "last")
