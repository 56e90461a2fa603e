"""The models that a user has kept: renamed, removed and brought back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

import streamlit as st

from pages.widgets import keys, words
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.models import kept_models, names, presets

_SAID = "own_models_said"


def show() -> None:
    """Lists them, each with what can be done with it; nothing where none was kept."""
    there, gone = kept_models.mine(), kept_models.removed()
    said = st.session_state.pop(_SAID, "")
    if not (there or gone or said):
        return
    with st.expander(f"Your models ({len(there):,})", icon=":material/model_training:", key="own_models"):
        if said:
            st.error(words.plain(said), icon=":material/error:")
        for name in there:
            _row(name)
        if gone:
            _removed(gone)


def _row(name: str) -> None:
    key = f"own_model_{name}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{words.plain(name)}**{_made_by(name)}", width="stretch")
        with st.popover("Rename", icon=":material/edit:", type="tertiary"):
            st.text_input("Name", value=name, max_chars=names.MOST, key=keys.part(key, "name"))
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
    """What it is, where that can be told."""
    with suppress(StudioError):
        return f", {words.plain(tasks.get(presets.find(name).task).title)}"
    return ""


def _removed(gone: list[str]) -> None:
    st.caption(f"Removed ({len(gone):,})")
    for name in gone:
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
            args=(kept_models.forget, gone),
        )


def _rename(name: str, key: str) -> None:
    _each(lambda one: kept_models.rename(one, st.session_state[keys.part(key, "name")]), [name])


def _each(act: Callable[[str], object], there: Iterable[str]) -> None:
    """Does it with each of the names, or says why not. Call it from a callback."""
    try:
        for name in there:
            act(name)
    except StudioError as error:
        st.session_state[_SAID] = str(error)
