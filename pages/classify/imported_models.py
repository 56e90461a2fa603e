"""Imported classifiers: uploaded, checked, described in one line, named, with their preprocessing."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.form import uploads
from pages.widgets import keys, owners, words
from studio.classify.models import imported_classifier
from studio.core.errors import StudioError
from studio.core.tasks import File
from studio.imported import safe_copies
from studio.imported.preprocessing import LABELS, describe
from studio.run import file_checks

MOST_MB = 500
_SLOT, _MINE, _NEW = "model", "models_mine", "models_new"
_ROWS, _ASKED = "models_flat", "models_flat_asked"  # that take a row of numbers: confirmed, to be asked
_NAMES = "names"
_HELP = (
    "A Keras image classifier (.keras, .h5), or a zip exported by Teachable Machine or TensorFlow.js. "
    "Class names are read from a labels.txt in the zip. No code in the file is run."
)
_PREPROCESSING_HELP = (
    "Input range that the model was trained with; a wrong one gives poor predictions. "
    "The choice is stored with the model."
)


def mine() -> dict[str, File]:
    """The models imported in this tab, by their SHA-256."""
    return st.session_state.setdefault(_MINE, {})


def take(choose: Callable[[str], None]) -> None:
    """Checks the last upload, in a process of its own, before anything else is drawn.

    Args:
        choose: called with the SHA-256 of one that passes.
    """
    file: File | None = st.session_state.pop(_NEW, None)
    if file is None:
        return
    try:
        with st.spinner("Checking the model; this takes a while ..."):
            known(file)
    except imported_classifier.Flat as error:
        st.session_state[_ASKED] = (file, error.images)
        return
    except StudioError as error:
        uploads.set_fault(_SLOT, str(error))
        return
    mine()[file.digest] = file
    choose(file.digest)


def ask(label: str = "Import a model") -> None:
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


def _ask_rows(file: File, images: str) -> None:
    """Asks whether a row of numbers is an image."""
    st.warning(
        f"{words.plain(file.name)} takes a flat vector, not an image. Its values may be the pixels of "
        f"images of {images}, row by row.",
        icon=":material/grid_on:",
    )

    def confirm() -> None:
        st.session_state.pop(_ASKED, None)
        st.session_state.setdefault(_ROWS, set()).add(file.digest)
        st.session_state[_NEW] = file

    st.button(f"Use images of {images}", icon=":material/check:", on_click=confirm)


def flat(file: File) -> bool:
    """Whether the user confirmed that the row of numbers which a model takes is an image."""
    return file.digest in st.session_state.get(_ROWS, ())


def _take(data: bytes, name: str) -> None:
    file_checks.check_bytes("model", data, name)
    st.session_state.pop(_ASKED, None)
    st.session_state[_NEW] = File.keep(data, "model", name)


def known(file: File) -> imported_classifier.Known:
    """The facts about an imported classifier. Raises `InvalidInput` if it is refused."""
    return of_file(file, flat(file))


@owners.cached(max_entries=8)
def of_file(file: File, flat: bool) -> imported_classifier.Known:
    """The facts about an imported classifier, its row of numbers an image if `flat`. Raises as `known`."""
    return imported_classifier.known(file, flat)


def about(facts: imported_classifier.Known) -> str:
    """A model in one line."""
    count, (height, width) = len(facts.classes), facts.size
    first = ", ".join(facts.classes[:4]) + (" ..." if count > 4 else "")
    return f"Imported: {count:,} classes ({first}); input size {width} × {height} px."


def choose_preprocessing(file: File, choose: Callable[[str], None]) -> None:
    """Shows the preprocessing of a model, and stores another one with it on a click.

    Args:
        file: of the model.
        choose: called with the SHA-256 of the model with another preprocessing.
    """
    facts = known(file)
    chosen = st.segmented_control(
        "Preprocessing",
        list(LABELS),
        default=facts.preprocessing,
        format_func=LABELS.__getitem__,
        key=keys.part("preprocessing", file.digest),
        help=_PREPROCESSING_HELP,
        required=True,
        wrap=True,  # else it scrolls sideways on a phone
    )
    st.caption(words.plain(f"{describe(facts.choice())}."))
    if chosen is not None and chosen != facts.preprocessing:
        try:
            _replace(file, safe_copies.with_preprocessing(file, chosen), choose)
        except StudioError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
        else:
            st.rerun()  # the whole page, because another file is chosen


def name_classes(file: File, choose: Callable[[str], None]) -> None:
    """Lets the user name the classes of a model.

    Args:
        file: of the model.
        choose: called with the SHA-256 of the model with other names.
    """
    facts = known(file)
    key = keys.part(_NAMES, file.digest)

    def store() -> None:
        lines = [line.strip() for line in st.session_state[key].splitlines()]
        try:
            _replace(file, safe_copies.with_names(file, [line for line in lines if line]), choose)
        except StudioError as error:
            uploads.set_fault(_NAMES, str(error))

    with st.expander("Class names", icon=":material/label:"):
        st.text_area("One name per line", "\n".join(facts.classes), key=key, max_chars=100_000)
        st.button("Use these names", icon=":material/label:", on_click=store)
        uploads.show_fault(_NAMES)


def _replace(file: File, other: File, choose: Callable[[str], None]) -> None:
    """Puts another variant of a model in its place."""
    mine().pop(file.digest, None)
    mine()[other.digest] = other
    if flat(file):
        st.session_state[_ROWS].add(other.digest)
    choose(other.digest)
