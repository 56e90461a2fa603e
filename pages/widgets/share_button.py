"""Shares a model as one HTML page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from pages.widgets import keys, page_errors, weight_downloads, words
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.share import child, page, runtime


@st.fragment
def show(name: str, *, key: str, show_remedy: Callable[[], None] | None = None) -> None:
    """Draws the menu that saves a model as a page; nothing for a model that has none.

    Args:
        name: of the model.
        key: of its button.
        show_remedy: draws what helps if the model cannot have a page.
    """
    preset = None
    with suppress(StudioError):
        preset = presets.find(name)
    if preset is None or not tasks.get(preset.task).share:
        return
    with st.popover("Share", icon=":material/share:", type="tertiary"):
        st.markdown("Saves the model as one HTML file, which runs it offline in a browser, also on a phone.")
        try:
            page.check(preset)
        except StudioError as error:
            st.info(words.escape(str(error)), icon=":material/info:")
            if show_remedy is not None:
                show_remedy()
            return
        weight_downloads.announce_downloads([runtime.NAME])
        if not st.button("Create the page", type="primary", key=keys.part(key, "create")):
            return
        try:
            with st.spinner("Creating the page. The first time this may take a minute ..."):
                file = child.build(preset)
        except StudioError as error:
            page_errors.show_error(error)
            return
        st.download_button(
            "Download the page",
            file,
            file_name=words.make_file_name(name, ".html"),
            mime="text/html",
            icon=":material/download:",
            key=keys.part(key, "download"),
            on_click="ignore",
        )
