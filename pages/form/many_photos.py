"""Many photos at once: a user's own, each to be made into what the form asks for, all as one batch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages.form import image_input, kept_inputs, uploads
from pages.widgets import words
from studio.core.errors import InvalidInput
from studio.core.tasks import File

MOST = 200
_SHOWN = 6  # names
_PHOTOS = "many_photos"


def ask(ready: bool) -> Sequence[File]:
    """Takes photos, or a whole folder of them; gives them once they are to be started, else none.

    Args:
        ready: whether the form can be started as it stands.
    """
    there = kept_inputs.restore_files(_PHOTOS, "image")
    kept_inputs.keep_files(_PHOTOS, there)
    title = f"Many photos ({len(there)})" if there else "Many photos"
    with st.expander(title, icon=":material/photo_library:", key="many"):
        uploads.show_fault(_PHOTOS)
        folder = st.toggle("A whole folder", key="many_folder")
        uploads.ask(
            _PHOTOS,
            "A folder from your device" if folder else "Photos from your device",
            partial(_take, there),
            type=image_input.TAKEN,
            accept_multiple_files="directory" if folder else True,
        )
        if not there:
            st.caption("Each photo uses the settings of the form. The photos appear as one batch under Jobs.")
            return ()
        names = ", ".join(file.name for file in there[:_SHOWN])
        st.caption(words.plain(names + (f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else "")))
        with st.container(horizontal=True):
            started = st.button(
                f"Start all {len(there)}", type="primary", icon=":material/play_arrow:", disabled=not ready
            )
            st.button("Clear", type="tertiary", icon=":material/close:", on_click=there.clear)
    return tuple(there) if started else ()


def _take(there: list[File], data: bytes, name: str) -> None:
    if len(there) >= MOST:
        raise InvalidInput(f"{name} was left out: the limit is {MOST} photos at a time. Start these first.")
    there.append(image_input.keep(data, name))
    there.sort(key=lambda file: file.name)  # a browser sends them in any order
