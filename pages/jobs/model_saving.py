"""Saves a trained model under a name, so that pages offer it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.widgets import keys, owners, page_errors, words
from studio.core.errors import StudioError
from studio.core.models import names, presets, user_models
from studio.core.tasks import File
from studio.engine import quotas

_SLOT = "model_saving"  # of errors


def ask_name_and_save(model: File, describe: Callable[[str], str]) -> None:
    """Asks for a name and saves a trained model under it.

    Args:
        model: the trained model.
        describe: called with the name once it is saved; returns what the user can do with it, in a few words.
    """
    key = f"model_name_{model.digest[:8]}"
    page_errors.show_errors(_SLOT)  # above the field: below, it may be out of sight
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name of the model",
            value=user_models.suggest_free_name(model.name.rpartition(".")[0]),
            max_chars=names.MAX_CHARACTERS,
            key=key,
        )
        st.button(
            "Keep as model",
            key=keys.part(key, "keep"),
            type="primary",
            icon=":material/bookmark_add:",
            on_click=_save_model,
            args=(model, key, describe),
        )


def _save_model(model: File, key: str, describe: Callable[[str], str]) -> None:
    try:
        name = names.validate(st.session_state.get(key, ""))
        user_models.check_free(name)
        quotas.check_disk_quota(owners.get_owner(), model.path.stat().st_size)
        presets.unpack(model.read(), name)
    except StudioError as error:
        page_errors.add_error(_SLOT, str(error))
        st.toast(words.escape(str(error)), icon=":material/error:")
        return
    st.toast(f"Kept as {words.escape(name)}: {describe(name)}.", icon=":material/bookmark:")
