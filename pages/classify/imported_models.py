"""Imported classifiers: uploaded, checked, described in one line, named, with their preprocessing."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.form import uploads
from pages.widgets import keys, owners, page_errors, words
from studio.classify.models import imported_classifier
from studio.core.errors import StudioError
from studio.core.tasks import File
from studio.imported import safe_copies
from studio.imported.preprocessing import LABELS, describe
from studio.run import file_checks

MAX_UPLOAD_MB = 500
_SLOT, _MODELS_KEY, _NEW_KEY = "model", "models_mine", "models_new"
_FLAT_KEY, _PENDING_KEY = "models_flat", "models_flat_asked"  # flat models: confirmed, to be confirmed
_NAMES = "names"
_HELP = (
    "A Keras (.keras, .h5) or TFLite image classifier, or a zip from Teachable Machine or TensorFlow.js. "
    "Class names are read from a labels.txt in the zip. No code in the file is run."
)
_PREPROCESSING_HELP = (
    "Pixel range or normalization that the model was trained with; a wrong one gives poor predictions. "
    "The choice is stored with the model."
)


def get_session_models() -> dict[str, File]:
    """Returns the models imported in this tab, by their SHA-256."""
    return st.session_state.setdefault(_MODELS_KEY, {})


def check_upload(choose: Callable[[str], None]) -> None:
    """Checks the last upload in a separate process. Call it before widgets are drawn.

    Args:
        choose: called with the SHA-256 of a model that passes.
    """
    file: File | None = st.session_state.pop(_NEW_KEY, None)
    if file is None:
        return
    try:
        with st.spinner("Checking the model; this takes a while ..."):
            read_facts(file)
    except imported_classifier.FlatInput as error:
        st.session_state[_PENDING_KEY] = (file, error.images)
        return
    except StudioError as error:
        page_errors.add_error(_SLOT, str(error))
        return
    get_session_models()[file.digest] = file
    choose(file.digest)


def ask_upload(label: str = "Import a model") -> None:
    """Asks for an upload and shows the error of the last one.

    Args:
        label: of the button that opens the upload.
    """
    with uploads.show_popover(_SLOT, label, ":material/upload_file:"):
        upload_label = "A model from your device: .keras, .h5, .tflite or .zip"
        uploads.ask(
            _SLOT,
            upload_label,
            _store_upload,
            type=["keras", "h5", "hdf5", "tflite", "zip"],
            max_upload_size=MAX_UPLOAD_MB,
            help=_HELP,
        )
    page_errors.show_errors(_SLOT)  # errors of the check, when the popover is closed
    if _PENDING_KEY in st.session_state:
        _ask_for_confirmation(*st.session_state[_PENDING_KEY])


def _ask_for_confirmation(file: File, images: str) -> None:
    """Asks the user to confirm that the model takes images as flat vectors."""
    st.warning(
        f"{words.escape(file.name)} takes a flat vector, not an image. Its values may be the pixels of "
        f"images of {images}, row by row.",
        icon=":material/grid_on:",
    )

    def confirm() -> None:
        st.session_state.pop(_PENDING_KEY, None)
        st.session_state.setdefault(_FLAT_KEY, set()).add(file.digest)
        st.session_state[_NEW_KEY] = file

    st.button(f"Use images of {images}", icon=":material/check:", on_click=confirm)


def is_flat(file: File) -> bool:
    """Returns whether the user confirmed that the model takes images as flat vectors."""
    return file.digest in st.session_state.get(_FLAT_KEY, ())


def _store_upload(data: bytes, name: str) -> None:
    file_checks.check_bytes("model", data, name)
    st.session_state.pop(_PENDING_KEY, None)
    st.session_state[_NEW_KEY] = File.store(data, "model", name)


def read_facts(file: File) -> imported_classifier.ClassifierFacts:
    """Returns the facts about an imported classifier. Raises `InvalidInput` if it is refused."""
    return read_facts_as(file, is_flat(file))


@owners.cached(max_entries=8)
def read_facts_as(file: File, flat: bool) -> imported_classifier.ClassifierFacts:
    """Returns the facts, cached. Raises `InvalidInput` if the model is refused.

    Args:
        file: the model.
        flat: whether a flat input vector is an image.
    """
    return imported_classifier.read_facts(file, flat)


def describe_model(facts: imported_classifier.ClassifierFacts) -> str:
    """Returns a description of a model in one line."""
    count, (height, width) = len(facts.classes), facts.size
    first_names = ", ".join(facts.classes[:4]) + (" ..." if count > 4 else "")
    return f"Imported: {count:,} classes ({first_names}); input size {width} × {height} px."


def choose_preprocessing(file: File, choose: Callable[[str], None]) -> None:
    """Lets the user change the preprocessing, which is stored with the model.

    Args:
        file: of the model.
        choose: called with the SHA-256 of the model with another preprocessing.
    """
    facts = read_facts(file)
    preprocessing = st.segmented_control(
        "Preprocessing",
        list(LABELS),
        default=facts.preprocessing,
        format_func=LABELS.__getitem__,
        key=keys.part("preprocessing", file.digest),
        help=_PREPROCESSING_HELP,
        required=True,
        wrap=True,  # else it scrolls sideways on a phone
    )
    st.caption(words.escape(f"{describe(facts.choose_preprocessing())}."))
    if preprocessing is not None and preprocessing != facts.preprocessing:
        try:
            _replace_model(file, safe_copies.with_preprocessing(file, preprocessing), choose)
        except StudioError as error:
            page_errors.show_error(error)
        else:
            st.rerun()  # the whole page, because another file is chosen


def name_classes(file: File, choose: Callable[[str], None]) -> None:
    """Lets the user name the classes of a model.

    Args:
        file: of the model.
        choose: called with the SHA-256 of the model with other names.
    """
    facts = read_facts(file)
    key = keys.part(_NAMES, file.digest)

    def store() -> None:
        lines = [line.strip() for line in st.session_state[key].splitlines()]
        page_errors.attempt(
            _NAMES,
            lambda: _replace_model(file, safe_copies.with_names(file, list(filter(None, lines))), choose),
        )

    with st.expander("Class names", icon=":material/label:"):
        # In a form, leaving the text runs nothing, so the button stays in place while it is clicked.
        with st.form(keys.part("class_names", file.digest), border=False):
            st.text_area("One name per line", "\n".join(facts.classes), key=key, max_chars=100_000)
            st.form_submit_button("Use these names", icon=":material/label:", on_click=store)
        page_errors.show_errors(_NAMES)


def _replace_model(file: File, variant: File, choose: Callable[[str], None]) -> None:
    """Replaces a model of this tab by another variant of it."""
    get_session_models().pop(file.digest, None)
    get_session_models()[variant.digest] = variant
    if is_flat(file):
        st.session_state[_FLAT_KEY].add(variant.digest)
    choose(variant.digest)
