"""The pictures to learn from: a sample set, drawn by the studio, or a person's own in an archive."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts import choices, samples, words
from studio.core import sample_sets
from studio.core.errors import StudioError, printable
from studio.core.tasks import File

MOST_MB = 500
TAKEN = ["zip", "tar", "tgz", "gz", "npz"]
KEY, OWN = "pictures", "Your own"
_TAKEN, _TURN, _FAULT = "set_taken", "set_turn", "set_fault"


@dataclass(frozen=True)
class PictureSet:
    """Pictures to learn from: what they are called, and the kept archive."""

    title: str
    file: File


def choose() -> PictureSet | None:
    """Asks for pictures, the first sample chosen already; None while there are no own ones yet."""
    known = {name.capitalize(): one for name, one in sample_sets.sets().items()}
    mine: File | None = st.session_state.get(_TAKEN)
    titles = [*known, OWN]
    chosen = st.pills(
        "Pictures to learn from",
        titles,
        default=titles[0],
        required=True,
        key=KEY,
        bind="query-params",
        width="stretch",
    )
    small = [samples.shipped(f"set-{one.name}") for one in known.values()]
    choices.tiles(KEY, [*small, samples.shipped("set-own")], width=6.5)
    if chosen in known:
        st.caption(f"{known[chosen].title} Drawn by the studio itself.")
        return PictureSet(chosen, sample(known[chosen].name))
    _ask()
    if mine is None:
        st.caption(
            ":material/info: A zip with a folder for each class, with a few dozen pictures each. "
            "The names of the folders become the names of the classes."
        )
        return None
    st.caption(f":material/folder_zip: {words.plain(mine.name)}")
    return PictureSet(mine.name, mine)


def _ask() -> None:
    # Each upload moves into the studio's files at once; a new key empties the widget and frees its memory.
    key = f"set_upload_{st.session_state.setdefault(_TURN, 0)}"
    st.file_uploader(
        "A zip, tar or npz from your device",
        type=TAKEN,
        key=key,
        max_upload_size=MOST_MB,
        help="A folder for each class; nothing in it is run, and no path in it is followed",
        on_change=_take,
        args=(key,),
    )
    if said := st.session_state.pop(_FAULT, ""):
        st.error(words.plain(said), icon=":material/error:")


def _take(key: str) -> None:
    upload = st.session_state.get(key)
    if upload is None:
        return
    try:
        name = printable(upload.name, 80)
        st.session_state[_TAKEN] = File.keep(upload.getvalue(), "dataset", name)
    except StudioError as error:
        st.session_state[_FAULT] = str(error)
    st.session_state[_TURN] += 1


def sample(name: str) -> File:
    """A sample set as a kept archive."""
    with st.spinner("Drawing the pictures ..."):  # only the first time; kept files may be removed later
        return sample_sets.reference(sample_sets.PREFIX + name)
