"""Many photos at once: the form's settings are applied to each of them, as one batch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages.form import image_input, kept_inputs, uploads
from pages.widgets import words
from studio.core.errors import InvalidInput
from studio.core.tasks import File

MOST = 200  # photos
_MOST_NAMES = 6  # file names shown
_KEY = "many_photos"


def ask(ready: bool) -> Sequence[File]:
    """Asks for photos or a folder of photos. Returns them when the user starts the batch, else none.

    Args:
        ready: whether the settings of the form are valid.
    """
    photos = kept_inputs.restore_files(_KEY, "image")
    kept_inputs.keep_files(_KEY, photos)
    title = f"Many photos ({len(photos)})" if photos else "Many photos"
    with st.expander(title, icon=":material/photo_library:", key="many"):
        uploads.show_fault(_KEY)
        folder = st.toggle("A whole folder", key="many_folder")
        uploads.ask(
            _KEY,
            "A folder from your device" if folder else "Photos from your device",
            partial(_take, photos),
            type=image_input.TYPES,
            accept_multiple_files="directory" if folder else True,
        )
        if not photos:
            st.caption("Each photo uses the settings of the form. The photos appear as one batch under Jobs.")
            return ()
        names = ", ".join(file.name for file in photos[:_MOST_NAMES])
        st.caption(
            words.plain(
                names + (f" and {len(photos) - _MOST_NAMES} more" if len(photos) > _MOST_NAMES else "")
            )
        )
        with st.container(horizontal=True):
            is_started = st.button(
                f"Start all {len(photos)}", type="primary", icon=":material/play_arrow:", disabled=not ready
            )
            st.button("Clear", type="tertiary", icon=":material/close:", on_click=photos.clear)
    return tuple(photos) if is_started else ()


def _take(photos: list[File], data: bytes, name: str) -> None:
    if len(photos) >= MOST:
        raise InvalidInput(f"{name} was left out: the limit is {MOST} photos at a time. Start these first.")
    photos.append(image_input.keep(data, name))
    photos.sort(key=lambda file: file.name)  # a browser sends them in any order
