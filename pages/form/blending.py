"""Whether a click on an image switches to it or adds it to those that are blended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.widgets import keys


def toggle(slot: str, label: str, most: int) -> None:
    """Asks whether several images of a slot are blended; where several are chosen already, they are.

    Args:
        slot: the key of the choices, a list.
        label: of the toggle; "" for none, where several can always be chosen.
        most: how many can be blended.
    """
    if not label:
        st.session_state[_blend(slot)], st.session_state[_most(slot)] = True, most
        return
    chosen = st.session_state.get(slot, st.query_params.get_all(slot))
    if isinstance(chosen, list) and len(chosen) > 1:
        st.session_state.setdefault(_blend(slot), True)
    st.session_state[_most(slot)] = most
    help = f"On: a click adds an image, up to {most}. Off: a click replaces the image."
    how: dict[str, Any] = {"bind": "query-params", "help": help, "on_change": limit, "args": (slot,)}
    st.toggle(label, key=_blend(slot), **how)


def choose(slot: str, titles: Sequence[str]) -> None:
    """Chooses these images, however many. Call it from a callback."""
    begin(slot, len(titles))
    st.session_state[slot] = list(titles)


def begin(slot: str, count: int) -> None:
    """Chooses nothing, and blends what is chosen next if these are several. Call it from a callback."""
    st.session_state[slot], st.session_state[_blend(slot)] = [], count > 1


def remember(slot: str, chosen: Sequence[str]) -> None:
    """Notes what is chosen, which a second click on it then keeps."""
    st.session_state[_last(slot)] = list(chosen)


def limit(slot: str) -> None:
    """Keeps the newest of what is chosen: as many as are blended, else one. Call it from a callback."""
    chosen = st.session_state.get(slot)
    if not isinstance(chosen, list):
        return
    most = st.session_state.get(_most(slot), 1) if st.session_state.get(_blend(slot)) else 1
    if not chosen and most == 1:
        st.session_state[slot] = st.session_state.get(_last(slot), [])[-1:]
    elif len(chosen) > most:
        st.session_state[slot] = chosen[-most:]
        if most > 1:
            st.toast(f"At most {most} at a time: the oldest was replaced.")


def _blend(slot: str) -> str:
    return keys.part(slot, "blend")


def _most(slot: str) -> str:
    return keys.part(slot, "most")


def _last(slot: str) -> str:
    return keys.part(slot, "last")
