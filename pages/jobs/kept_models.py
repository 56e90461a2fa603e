"""Keeping a trained model under a name, so that it stands among those that can be chosen."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.widgets import keys, owners, words
from studio.core.errors import StudioError
from studio.core.models import kept_models, names, presets
from studio.core.tasks import File
from studio.engine import quotas

_SAID = "keep_said"


def keep(model: File, then: Callable[[str], str]) -> None:
    """Asks for a name and keeps a trained model under it.

    Args:
        then: called with the name once it is kept; gives what a user can do with it, in a few words.
    """
    key = f"model_name_{model.digest[:8]}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name of the model",
            value=names.suggested(model.name.rpartition(".")[0]),
            max_chars=names.MOST,
            key=key,
        )
        st.button(
            "Keep as model",
            key=keys.part(key, "keep"),
            type="primary",
            icon=":material/bookmark_add:",
            on_click=_keep,
            args=(model, key, then),
        )
    if said := st.session_state.pop(_SAID, ""):
        st.error(words.plain(said), icon=":material/error:")


def _keep(model: File, key: str, then: Callable[[str], str]) -> None:
    try:
        name = names.checked(st.session_state.get(key, ""))
        kept_models.check_free(name)
        quotas.check_room(owners.owner(), model.path.stat().st_size)
        presets.unpack(model.read(), name)
    except StudioError as error:
        st.session_state[_SAID] = str(error)
        return
    st.toast(f"Kept as {words.plain(name)}: {then(name)}.", icon=":material/bookmark:")
