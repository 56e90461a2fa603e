"""Shares a model as one HTML page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import streamlit as st

from pages.widgets import keys, page_errors, weight_downloads, words
from studio.core import amounts, tasks
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.share import child, page, runtime

_PURPOSE = "Saves the model as one HTML file, which runs it offline in a browser, also on a phone."
_SPINNER = "Creating the page. The first time this may take a minute ..."


@st.fragment
def show(model: str | Preset, *, key: str, show_remedy: Callable[[], None] | None = None) -> None:
    """Draws the menu that saves a model as a page; nothing for a model that has none.

    Args:
        model: the model, or its name.
        key: of its button.
        show_remedy: draws what helps if the model cannot have a page.
    """
    preset = model if isinstance(model, Preset) else None
    if isinstance(model, str):
        with suppress(StudioError):
            preset = presets.find(model)
    if preset is None or not tasks.get(preset.task).share:
        return
    with st.popover("Share", icon=":material/share:", type="tertiary"):
        st.markdown(_PURPOSE)
        if not _check(preset, show_remedy):
            return
        weight_downloads.announce_downloads([runtime.NAME])
        if st.button("Create the page", type="primary", key=keys.part(key, "create")):
            _create(preset, key)


def show_at_result(preset: Preset, *, key: str, show_remedy: Callable[[], None] | None = None) -> None:
    """Draws *Share* at a model that was just trained: one click creates the page and offers its download.

    Args:
        preset: the model, of a kind that has pages.
        key: of its button.
        show_remedy: draws what helps if the model cannot have a page.
    """
    if _check(preset, show_remedy):
        _show_creation(preset, key)


@st.fragment
def _show_creation(preset: Preset, key: str) -> None:
    weight_downloads.announce_downloads([runtime.NAME])
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Share", type="primary", icon=":material/share:", key=keys.part(key, "create")):
            _create(preset, key, type="primary")
    st.caption(_PURPOSE)


def _check(preset: Preset, show_remedy: Callable[[], None] | None) -> bool:
    """Returns whether a model can have a page; if not, says why and draws what helps."""
    try:
        page.check(preset)
    except StudioError as error:
        st.info(words.escape(str(error)), icon=":material/info:")
        if show_remedy is not None:
            show_remedy()
        return False
    return True


def _create(preset: Preset, key: str, **options: Any) -> None:
    """Creates the page of a model and draws its download button."""
    try:
        with st.spinner(_SPINNER):
            file = child.build(preset)
    except StudioError as error:
        page_errors.show_error(error)
        return
    st.download_button(
        f"Download the page ({amounts.format_bytes(len(file))})",
        file,
        file_name=words.make_file_name(preset.name, ".html"),
        mime="text/html",
        icon=":material/download:",
        key=keys.part(key, "download"),
        on_click="ignore",
        **options,
    )
