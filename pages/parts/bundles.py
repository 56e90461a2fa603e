"""What can be done with several items at once: saved as one zip, or removed."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence

import streamlit as st

from pages.parts import bins
from pages.parts.owners import owner
from studio.core.errors import NoRoom
from studio.gallery import export, index, items
from studio.gallery.index import Wanted

MOST = 500  # items
MOST_BYTES = 500_000_000  # that the server holds in its memory while a browser takes them
_TOO_MANY = "Up to 500 items and 500 MB at once. Next: pick fewer, or run `studio gallery export -o all.zip`."


def together(wanted: Wanted, picked: Sequence[str] | None, total: int) -> None:
    """The buttons for several items.

    Args:
        wanted: what the wall shows.
        picked: the ids of those that are picked; None when it is all that the wall shows.
        total: how many that is.
    """
    count = total if picked is None else len(picked)
    with st.container(horizontal=True, vertical_alignment="center"):
        if picked is not None:
            label = f"Remove {count:,}" if picked else "Remove"
            st.button(
                label, icon=":material/delete:", disabled=not picked, on_click=bins.remove, args=(picked,)
            )
        whose = owner()
        st.download_button(
            f"Save {count:,} as zip" if count else "Save as zip",
            lambda: zipped(wanted, picked, whose),
            file_name=f"gallery-{time.strftime('%Y-%m-%d')}.zip",
            mime="application/zip",
            icon=":material/folder_zip:",
            disabled=not 0 < count <= MOST,
            on_click="ignore",
            help="Each file with its recipe in it or beside it",
        )
        if count > MOST:
            st.caption(_TOO_MANY)


def zipped(wanted: Wanted, picked: Sequence[str] | None, whose: str) -> bytes:
    """The zip; made only when a person asks for it.

    Raises:
        NoRoom: if it would be too large for a browser.
        Unavailable: if a file is gone.
    """
    ids = picked or [entry.id for entry in index.find(wanted, whose, MOST)[0]]
    found = [items.find(id, whose) for id in ids]
    if export.bytes_of(found) > MOST_BYTES:
        raise NoRoom(_TOO_MANY)
    file = io.BytesIO()
    export.write(found, file)
    return file.getvalue()
