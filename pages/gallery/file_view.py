"""A file of any kind, as large as the page allows."""

from __future__ import annotations

import streamlit as st

from pages.jobs import results
from pages.widgets import words
from pages.widgets.marked_text import marked_text
from studio.core.errors import StudioError
from studio.core.pictures import thumbnails
from studio.core.tasks import File

MOST_READ = 200_000  # characters of a text that are shown


def picture(file: File, before: File | None, caption: str, *, key: str) -> None:
    """Shows a file of any kind."""
    try:
        if file.kind in ("picture", "animation"):
            # A compared picture shows its caption as it is, others read it as Markdown.
            text = words.plain(caption) if before is None else caption
            results.show_result(file, before, key=f"item_{key}", caption=text)
        elif file.kind == "text":
            marked_text(file.read().decode("utf-8", "replace")[:MOST_READ], key=f"item_paper_{key}")
            st.caption(words.plain(caption))
        else:
            st.image(
                thumbnails.picture_of(file, whole=True),
                caption=words.plain(caption),
                width="stretch",
                alt=words.plain(caption),
            )
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
