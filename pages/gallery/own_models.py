"""The user's own models: renaming, removing and restoring them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

import streamlit as st

from pages.widgets import keys, words
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.models import kept_models, names, presets

_ERROR = "own_models_error"


def show() -> None:
    """Lists the user's own models with their actions; draws nothing when there are none."""
    models, removed_models = kept_models.list_own(), kept_models.list_removed()
    error = st.session_state.pop(_ERROR, "")
    if not (models or removed_models or error):
        return
    with st.expander(f"Your models ({len(models):,})", icon=":material/model_training:", key="own_models"):
        if error:
            st.error(words.plain(error), icon=":material/error:")
        for name in models:
            _row(name)
        if removed_models:
            _show_removed(removed_models)


def _row(name: str) -> None:
    key = f"own_model_{name}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{words.plain(name)}**{_made_by(name)}", width="stretch")
        with st.popover("Rename", icon=":material/edit:", type="tertiary"):
            st.text_input("Name", value=name, max_chars=names.MOST_CHARACTERS, key=keys.part(key, "name"))
            st.caption("Recipes and jobs still find the model by its old name.")
            st.button(
                "Rename", type="primary", key=keys.part(key, "rename"), on_click=_rename, args=(name, key)
            )
        st.button(
            "Remove",
            icon=":material/delete:",
            type="tertiary",
            key=keys.part(key, "remove"),
            on_click=_each,
            args=(kept_models.remove, [name]),
        )


def _made_by(name: str) -> str:
    """Returns the title of the task that trained a model, or "" when it cannot be read."""
    with suppress(StudioError):
        return f", {words.plain(tasks.get(presets.find(name).task).title)}"
    return ""


def _show_removed(models: list[str]) -> None:
    st.caption(f"Removed ({len(models):,})")
    for name in models:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(words.plain(name), width="stretch")
            st.button(
                "Restore",
                icon=":material/undo:",
                type="tertiary",
                key=f"own_model_{name}_back",
                on_click=_each,
                args=(kept_models.restore, [name]),
            )
    with st.popover("Delete all permanently", icon=":material/delete_forever:"):
        st.markdown("This cannot be undone. Results of these models can no longer be made again.")
        st.button(
            "Yes, delete",
            type="primary",
            key="own_models_forget",
            on_click=_each,
            args=(kept_models.delete, models),
        )


def _rename(name: str, key: str) -> None:
    _each(lambda old: kept_models.rename(old, st.session_state[keys.part(key, "name")]), [name])


def _each(act: Callable[[str], object], models: Iterable[str]) -> None:
    """Calls `act` with the name of each model, and keeps an error for `show`. Call it from a callback."""
    try:
        for name in models:
            act(name)
    except StudioError as error:
        st.session_state[_ERROR] = str(error)
