"""Classifiers that a person brings: taken, looked over, told in one line, named, given the right levels."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.form import uploads
from pages.widgets import owners, words
from studio.classify.models import brought
from studio.classify.settings import FOUND, LEVELS_TOLD
from studio.core.errors import StudioError
from studio.core.tasks import File
from studio.run import file_checks

MOST_MB = 500
_SLOT, _MINE, _NEW = "model", "models_mine", "models_new"
_ROWS, _ASKED = (
    "models_flat",
    "models_flat_asked",
)  # of those that take a row of numbers: said so, to be asked
_HELP = (
    "A picture classifier of Keras (.keras, .h5), or the zip that Teachable Machine or TensorFlow.js gives. "
    "Names of its classes are read from a labels.txt in the zip. Nothing in it is run."
)
LEVELS = "levels"
is_one = brought.is_one


def mine() -> dict[str, File]:
    """Those that this tab has brought, by their digest."""
    return st.session_state.setdefault(_MINE, {})


def take(choose: Callable[[str], None]) -> None:
    """Looks over what was uploaded just now, in a process of its own, before anything else is drawn.

    Args:
        choose: called with the digest of one that is good.
    """
    file: File | None = st.session_state.pop(_NEW, None)
    if file is None:
        return
    try:
        with st.spinner("Looking the model over; this takes a while ..."):
            known(file)
    except brought.Flat as error:
        st.session_state[_ASKED] = (file, error.pictures)
        return
    except StudioError as error:
        uploads.set_fault(_SLOT, str(error))
        return
    mine()[file.digest] = file
    choose(file.digest)


def ask(label: str = "Bring a model") -> None:
    """Takes an upload, and says what is wrong with the last one.

    Args:
        label: of the button that opens it.
    """
    with uploads.popover(_SLOT, label, ":material/upload_file:"):
        asked = "A model from your device: .keras, .h5 or .zip"
        uploads.ask(
            _SLOT, asked, _take, type=["keras", "h5", "hdf5", "zip"], max_upload_size=MOST_MB, help=_HELP
        )
    uploads.show_fault(_SLOT)  # what was found later, when it is closed
    if _ASKED in st.session_state:
        _ask_rows(*st.session_state[_ASKED])


def _ask_rows(file: File, pictures: str) -> None:
    """Lets a person say what a row of numbers is."""
    st.warning(
        f"{words.plain(file.name)} takes a row of numbers, no picture. They may be the pixels of pictures of "
        f"{pictures}, row by row.",
        icon=":material/grid_on:",
    )

    def said() -> None:
        st.session_state.pop(_ASKED, None)
        st.session_state.setdefault(_ROWS, set()).add(file.digest)
        st.session_state[_NEW] = file

    st.button(f"They are pictures of {pictures}", icon=":material/check:", on_click=said)


def flat(file: File) -> bool:
    """Whether a person said that the row of numbers which a model takes is a picture."""
    return file.digest in st.session_state.get(_ROWS, ())


def _take(data: bytes, name: str) -> None:
    file_checks.check_bytes("model", data, name)
    st.session_state.pop(_ASKED, None)
    st.session_state[_NEW] = File.keep(data, "model", name)


def known(file: File) -> brought.Known:
    """What a brought classifier is. Raises `InvalidInput` if it cannot be taken."""
    return of_file(file, flat(file))


@owners.cached(max_entries=8)
def of_file(file: File, flat: bool) -> brought.Known:
    """What a brought classifier is, its row of numbers a picture if `flat` says so. Raises as `known`."""
    return brought.known(file, flat)


def about(found: brought.Known) -> str:
    """What it is, in one line."""
    count, (height, width) = len(found.classes), found.size
    first = ", ".join(found.classes[:4]) + (" ..." if count > 4 else "")
    return f"Yours: {count:,} classes ({first}); it is given pictures of {width} × {height} px."


def settle(file: File, choose: Callable[[str], None]) -> str:
    """Lets a person say what levels a model takes, and name its classes.

    Args:
        file: of the model.
        choose: called with the digest of the model once it has other names.

    Returns:
        The levels that were chosen.
    """
    found = known(file)
    with st.expander("Levels and names", icon=":material/tune:"):
        titles = {FOUND: f"Found out: {LEVELS_TOLD[found.levels]}", **LEVELS_TOLD}
        chosen = st.selectbox(
            "Levels that it is given", list(titles), format_func=titles.__getitem__, key=LEVELS
        )
        given = "\n".join(found.classes)
        key = f"names_{file.digest}"
        st.text_area("Names of its classes, a line each", given, key=key, max_chars=100_000)
        if st.button("Use these names", icon=":material/label:"):
            _name(file, st.session_state[key], choose)
        uploads.show_fault(LEVELS)
    why = f"{LEVELS_TOLD[found.levels]}: {found.why}"
    if chosen != FOUND:
        why = f"{LEVELS_TOLD[chosen]}, as you chose"
    st.caption(words.plain(f"It is given levels of {why}."))
    return chosen or FOUND


def _name(file: File, text: str, choose: Callable[[str], None]) -> None:
    try:
        renamed = brought.named(file, [line.strip() for line in text.splitlines() if line.strip()])
    except StudioError as error:
        uploads.set_fault(LEVELS, str(error))
        return
    mine().pop(file.digest, None)
    mine()[renamed.digest] = renamed
    if flat(file):
        st.session_state[_ROWS].add(renamed.digest)
    choose(renamed.digest)
    st.rerun()
