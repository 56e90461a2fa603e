"""Renames, removes and restores the user's own models."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

import streamlit as st

from pages.widgets import keys, page_errors, share_button, words
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.models import names, presets, user_models

_SLOT = "own_models"  # of errors


def show() -> None:
    """Lists the user's own models with their actions; draws nothing when there are none."""
    models, removed_models = user_models.list_own(), user_models.list_removed()
    page_errors.show_errors(_SLOT)
    if not (models or removed_models):
        return
    with st.expander(f"Your models ({len(models):,})", icon=":material/model_training:", key="own_models"):
        for name in models:
            _show_row(name)
        if removed_models:
            _show_removed_models(removed_models)


def _show_row(name: str) -> None:
    key = f"own_model_{name}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{words.escape(name)}**{_format_task(name)}", width="stretch")
        share_button.show(name, key=keys.part(key, "share"))
        with st.popover("Rename", icon=":material/edit:", type="tertiary"):
            st.text_input("Name", value=name, max_chars=names.MAX_CHARACTERS, key=keys.part(key, "name"))
            st.caption("Recipes and jobs still find the model by its old name.")
            st.button(
                "Rename",
                type="primary",
                key=keys.part(key, "rename"),
                on_click=_rename_model,
                args=(name, key),
            )
        st.button(
            "Remove",
            icon=":material/delete:",
            type="tertiary",
            key=keys.part(key, "remove"),
            on_click=_apply_to_each,
            args=(user_models.remove, [name]),
        )


def _format_task(name: str) -> str:
    """Returns the title of the task that trained a model, or "" when it cannot be read."""
    with suppress(StudioError):
        return f", {words.escape(tasks.get(presets.find(name).task).title)}"
    return ""


def _show_removed_models(models: list[str]) -> None:
    st.caption(f"Removed ({len(models):,})")
    for name in models:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(words.escape(name), width="stretch")
            st.button(
                "Restore",
                icon=":material/undo:",
                type="tertiary",
                key=f"own_model_{name}_back",
                on_click=_apply_to_each,
                args=(user_models.restore, [name]),
            )
    with st.popover("Delete all permanently", icon=":material/delete_forever:"):
        st.markdown("This cannot be undone. Results of these models can no longer be made again.")
        st.button(
            "Yes, delete",
            type="primary",
            key="own_models_forget",
            on_click=_apply_to_each,
            args=(user_models.delete, models),
        )


def _rename_model(name: str, key: str) -> None:
    _apply_to_each(lambda old: user_models.rename(old, st.session_state[keys.part(key, "name")]), [name])


def _apply_to_each(change_model: Callable[[str], object], models: Iterable[str]) -> None:
    """Calls `change_model` with the name of each model, until one fails. A callback."""
    page_errors.attempt(_SLOT, lambda: [change_model(name) for name in models])
