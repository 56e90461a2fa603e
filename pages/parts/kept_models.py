"""Keeping a trained model under a name, so that it stands among those that can be chosen."""

from __future__ import annotations

import re
from collections.abc import Callable

import streamlit as st

from pages.parts import words
from studio.core import presets
from studio.core.errors import StudioError
from studio.core.tasks import File
from studio.engine import allowances

_MOST_NAME = 40
_SAID = "keep_said"


def keep(model: File, then: Callable[[str], str]) -> None:
    """Asks for a name and keeps a trained model under it.

    Args:
        then: called with the name once it is kept; gives what a person can do with it, in a few words.
    """
    key = f"model_name_{model.digest[:8]}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name of the model", value=slug(model.name.rpartition(".")[0]), max_chars=60, key=key)
        st.button(
            "Keep as model",
            key=f"{key}_keep",
            type="primary",
            icon=":material/bookmark_add:",
            on_click=_keep,
            args=(model, key, then),
        )
    if said := st.session_state.pop(_SAID, ""):
        st.error(words.plain(said), icon=":material/error:")


def slug(text: str) -> str:
    """A name as presets have them: lower-case letters, digits and hyphens; "" if nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_MOST_NAME].strip("-")


def _keep(model: File, key: str, then: Callable[[str], str]) -> None:
    name = slug(st.session_state.get(key, ""))
    if not name:
        st.session_state[_SAID] = "A model needs a name of letters or digits. Next: give it one."
    elif name in presets.names():
        st.session_state[_SAID] = f"There is a model named {name} already. Next: choose another name."
    else:
        try:
            allowances.check_room(owners.owner(), model.path.stat().st_size)
            presets.unpack(model.read(), name)
        except StudioError as error:
            st.session_state[_SAID] = str(error)
            return
        st.toast(f"Kept as {name}: {then(name)}.", icon=":material/bookmark:")
