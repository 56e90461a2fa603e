"""Masks from a person's device: kept at once, so that they outlast another page."""

from __future__ import annotations

import streamlit as st

from pages.parts import choices, uploads, words
from studio.core.errors import invalid
from studio.core.tasks import File

MOST = 4
_SLOT = "mask"
_TAKEN = "mask_taken"


def ask() -> None:
    """Asks for black and white pictures that say where each style goes."""
    help = "White is where the style goes; in the order of the styles."
    uploads.ask(_SLOT, "Masks, one a style", _take, type=choices.TAKEN, accept_multiple_files=True, help=help)
    uploads.fault(_SLOT)
    if taken():
        st.caption(", ".join(words.plain(file.name) for file in taken()))
        st.button("Remove masks", icon=":material/delete:", type="tertiary", on_click=remove)


def taken() -> list[File]:
    """The masks there are, in the order of the styles."""
    return st.session_state.get(_TAKEN, [])


def remove() -> None:
    """Lets go of them. Call it from a callback."""
    st.session_state.pop(_TAKEN, None)


def _take(data: bytes, name: str) -> None:
    if len(taken()) >= MOST:
        step = "remove the masks, then add those that count"
        raise invalid("masks", expected=f"at most {MOST}", received=f"{name} besides", next_step=step)
    st.session_state[_TAKEN] = [*taken(), choices.keep(data, name)]
