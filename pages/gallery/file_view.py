"""A file of any kind, as large as the page allows."""

from __future__ import annotations

import streamlit as st

from pages.jobs import results
from pages.widgets import browser_images, words
from pages.widgets.image_viewer import Neighbors
from pages.widgets.marked_text import show_marked_text
from studio.core.errors import StudioError
from studio.core.imaging import thumbnails
from studio.core.tasks import File

MAX_CHARACTERS = 200_000  # characters: longer texts are cut off


def show(
    file: File, before: File | None, caption: str, *, key: str, neighbors: Neighbors | None = None
) -> None:
    """Shows a file of any kind; a slider compares an image with `before`, if given.

    Args:
        file: to show.
        before: content of the file, if any.
        caption: below the file.
        key: of the widgets.
        neighbors: of an image in the gallery.
    """
    try:
        if file.kind in ("image", "animation"):
            results.show_result(file, before, key=f"item_{key}", caption=caption, neighbors=neighbors)
        elif file.kind == "text":
            show_marked_text(file.read().decode("utf-8", "replace")[:MAX_CHARACTERS], key=f"item_paper_{key}")
            st.caption(words.escape(caption))
        else:
            thumbnail = thumbnails.make_image(file, full_card=True)
            browser_images.show_with_caption(thumbnail, width="stretch", caption=caption)
    except StudioError as error:
        st.error(words.escape(str(error)), icon=":material/error:")
