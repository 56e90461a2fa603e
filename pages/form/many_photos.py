"""Many photos at once: each gets the settings of the form; their jobs are one batch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages.form import image_input, input_store, uploads
from pages.widgets import page_errors, words
from studio.core.errors import InvalidInput
from studio.core.tasks import File

MAX_PHOTOS = 200  # photos
_MAX_NAMES = 6  # file names shown
_KEY = "many_photos"


def ask(can_start: bool) -> Sequence[File]:
    """Asks for photos or a folder of photos. Returns them when the user starts the batch, else none.

    Args:
        can_start: whether the settings of the form are valid.
    """
    photos = input_store.restore_files(_KEY, "image")
    input_store.store_files(_KEY, photos)
    title = f"Many photos ({len(photos)})" if photos else "Many photos"
    with st.expander(title, icon=":material/photo_library:", key="many"):
        page_errors.show_errors(_KEY)
        is_folder = st.toggle("A whole folder", key="many_folder")
        uploads.ask(
            _KEY,
            "A folder from your device" if is_folder else "Photos from your device",
            partial(_add_photo, photos),
            type=image_input.FILE_TYPES,
            accept_multiple_files="directory" if is_folder else True,
        )
        if not photos:
            st.caption("Each photo uses the settings of the form. The photos appear as one batch under Jobs.")
            return ()
        names = ", ".join(file.name for file in photos[:_MAX_NAMES])
        st.caption(
            words.escape(
                names + (f" and {len(photos) - _MAX_NAMES} more" if len(photos) > _MAX_NAMES else "")
            )
        )
        with st.container(horizontal=True):
            is_started = st.button(
                f"Start all {len(photos)}",
                type="primary",
                icon=":material/play_arrow:",
                disabled=not can_start,
            )
            st.button("Clear", type="tertiary", icon=":material/close:", on_click=photos.clear)
    return tuple(photos) if is_started else ()


def _add_photo(photos: list[File], data: bytes, name: str) -> None:
    if len(photos) >= MAX_PHOTOS:
        raise InvalidInput(
            f"{name} was left out: the limit is {MAX_PHOTOS} photos at a time. Start these first."
        )
    photos.append(image_input.store_image(data, name))
    photos.sort(key=lambda file: file.name)  # a browser sends them in any order
