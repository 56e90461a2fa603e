"""Named settings of a form: saved, loaded, exported to a file and imported from one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from pages.form import forms, uploads
from pages.widgets import keys, page_errors, words
from studio.core.errors import StudioError
from studio.core.models import names
from studio.core.settings import Settings
from studio.run import saved_settings as library

_TYPES = ("json", "png")
_HELP = "A settings file that you saved, or an image from the studio, which contains its settings"
_ROWS_HEIGHT = 260  # px of a list that scrolls
_MAX_UNSCROLLED = 5  # rows

FillForm = Callable[[Any], None]


def show_saved_settings(task: str, settings: Settings | None, fill_page: FillForm | None = None) -> None:
    """Draws the button that opens the saved settings, below a form.

    Args:
        task: of the settings.
        settings: current settings of the form; None if they are invalid.
        fill_page: fills the page's widgets outside the form from loaded settings.
    """
    slot = f"settings_{task.partition('.')[0]}"
    with uploads.show_popover(slot, "Saved settings", ":material/bookmarks:") as box:
        if not box.open:
            return
        _show_rows(slot, task, fill_page)
        if settings is not None:
            _ask_name(slot, task, settings)
        uploads.ask(
            slot, "Settings from a file", partial(_load_upload, task, fill_page), type=_TYPES, help=_HELP
        )


def snap_to_nearest(options: Sequence[float], key: str) -> None:
    """Moves a value in the session to the closest step of its slider. Call it from a callback."""
    value = st.session_state[key]
    st.session_state[key] = min(options, key=lambda step: abs(step - value))


def _show_rows(slot: str, task: str, fill_page: FillForm | None) -> None:
    saved_names = library.list_names(task)
    if not saved_names:
        st.caption("No saved settings yet. Give the current settings a name to save them.")
    with st.container(
        height=_ROWS_HEIGHT if len(saved_names) > _MAX_UNSCROLLED else "content", border=False, gap="small"
    ):
        for number, name in enumerate(saved_names):
            with st.container(horizontal=True, gap="small", key=keys.part(slot, f"row_{number}")):
                key, title = keys.part(slot, number), words.escape(name)
                st.button(
                    title,
                    key=keys.part(key, "use"),
                    width="stretch",
                    help="Loads these settings into the form",
                    on_click=_load_settings,
                    args=(slot, task, fill_page, name),
                )
                _show_download(key, task, name)
                st.button(
                    "Remove",
                    key=keys.part(key, "remove"),
                    type="tertiary",
                    icon=":material/delete:",
                    on_click=library.remove,
                    args=(task, name),
                )


def _show_download(key: str, task: str, name: str) -> None:
    try:
        data = library.to_json(task, library.load(task, name))
    except StudioError:
        return  # the error is shown when the user loads these settings
    st.download_button(
        "Save as file",
        data,
        file_name=words.make_file_name(name, ".json"),
        mime="application/json",
        key=keys.part(key, "file"),
        type="tertiary",
        icon=":material/download:",
        on_click="ignore",
        help="Downloads the settings as a file, to share or to use in a command with `--settings FILE`",
    )


def _ask_name(slot: str, task: str, settings: Settings) -> None:
    key = keys.part(slot, "name")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input("Name", key=key, max_chars=names.MAX_CHARACTERS, placeholder="Soft and slow")
        st.button(
            "Save these settings",
            key=keys.part(slot, "save"),
            icon=":material/bookmark_add:",
            on_click=_save_settings,
            args=(slot, task, key, settings),
        )


def _save_settings(slot: str, task: str, key: str, settings: Settings) -> None:
    try:
        name = library.save(task, st.session_state.get(key, ""), settings)
    except StudioError as error:
        page_errors.add_error(slot, str(error))
        return
    st.session_state[key] = ""
    st.toast(f"Saved as {words.escape(name)}.", icon=":material/bookmark:")


def _load_settings(slot: str, task: str, fill_page: FillForm | None, name: str) -> None:
    page_errors.attempt(slot, lambda: _fill_form(fill_page, library.load(task, name), name))


def _load_upload(task: str, fill_page: FillForm | None, data: bytes, name: str) -> None:
    _fill_form(fill_page, library.read(data, task), name)


def _fill_form(fill_page: FillForm | None, settings: Settings, name: str) -> None:
    forms.prefill(settings)
    if fill_page is not None:
        fill_page(settings)
    st.toast(f"Loaded {words.escape(name)}.", icon=":material/bookmark:")
