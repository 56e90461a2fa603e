"""What can be done with several items at once: compared, starred, tagged, saved as one zip, or removed."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from pages.gallery import address, marks, removed
from pages.widgets import words
from pages.widgets.owners import owner
from studio.gallery import export, index, items
from studio.gallery.index import Wanted

MOST = 500  # items


def together(wanted: Wanted, picked: Sequence[str] | None, total: int) -> None:
    """The buttons for several items.

    Args:
        wanted: what the grid shows.
        picked: the ids of those that are picked; None when it is all that the grid shows.
        total: how many that is.
    """
    count = total if picked is None else len(picked)
    with st.container(horizontal=True, vertical_alignment="center"):
        if picked is not None:
            if len(picked) == 2:
                st.button(
                    "Compare",
                    icon=":material/compare:",
                    on_click=address.compare,
                    args=tuple(picked),
                    key="compare",
                )
            marks.of_several(picked)
            label = f"Remove {count:,}" if picked else "Remove"
            st.button(
                label, icon=":material/delete:", disabled=not picked, on_click=removed.remove, args=(picked,)
            )
        whose = owner()
        # Told before, for a download that fails says nothing; of all that is on the grid the help tells it.
        here = items.whole(picked, whose) if picked and count <= MOST else []
        too_many = count > MOST or export.bytes_of(here) > export.MOST_BYTES
        st.download_button(
            f"Save {count:,} as zip" if count else "Save as zip",
            lambda: zipped(wanted, picked, whose),
            file_name=words.file_name(f"gallery {time.strftime('%Y-%m-%d')}", ".zip"),
            mime="application/zip",
            icon=":material/folder_zip:",
            disabled=not count or too_many or bool(picked and not here),
            on_click="ignore",
            help=f"Each file comes with its recipe. {export.TOO_MANY}",
        )
        if too_many:
            st.caption(export.TOO_MANY)


def zipped(wanted: Wanted, picked: Sequence[str] | None, whose: str) -> bytes:
    """The zip, without items whose files are gone; made only when a user asks for it.

    Raises:
        NoRoom: if it would be too large for a browser.
        InvalidInput: if no file is left.
    """
    ids = picked or [entry.id for entry in index.find(wanted, whose, MOST)[0]]
    found = items.whole(ids, whose)
    return export.zipped(found)
