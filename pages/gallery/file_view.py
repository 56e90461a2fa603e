"""A file of any kind, as large as the page allows."""

from __future__ import annotations

import streamlit as st

from pages.jobs import results
from pages.widgets import browser_images, words
from pages.widgets.marked_text import marked_text
from studio.core.errors import StudioError
from studio.core.imaging import thumbnails
from studio.core.tasks import File

MOST_READ = 200_000  # characters: longer texts are cut off


def show(file: File, before: File | None, caption: str, *, key: str) -> None:
    """Shows a file of any kind; a slider compares an image with `before`, if given."""
    try:
        if file.kind in ("image", "animation"):
            results.show_result(file, before, key=f"item_{key}", caption=caption)
        elif file.kind == "text":
            marked_text(file.read().decode("utf-8", "replace")[:MOST_READ], key=f"item_paper_{key}")
            st.caption(words.plain(caption))
        else:
            thumbnail = thumbnails.make_image(file, full_card=True)
            browser_images.captioned(thumbnail, width="stretch", caption=caption)
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
