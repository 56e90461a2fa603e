"""Exporting a classifier: a checked file for other programs, and a short program that uses it."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from pages.classify import base_model, classifiers
from pages.classify.classifiers import Classifier
from pages.form import data_set_input, forms
from pages.jobs import inline_jobs, jobs, results
from pages.widgets import css, share_button, words
from studio import engine
from studio.classify.export.shared_page import BACKBONE
from studio.classify.settings import AUTO, EXPORT_TITLES, ExportSettings, TrainClassifierSettings
from studio.core import amounts
from studio.core.errors import StudioError

TASK = "classify.export"
_NOTE_KEY = "share_note"  # of the session: what was selected under "Train"
PRECISIONS = {
    "float32": "Exactly as accurate as the model.",
    "float16": "Half the size, and practically as accurate.",
    "int8": "A quarter of the size, for small devices. Training images calibrate it, and the test split "
    "measures the accuracy that it costs.",
}
_FIXED_SIZE = ("teachable", "tfjs")  # take images of one size
_PURPOSES = {
    "keras": "For Python and further training.",
    "tflite": "For phones and small devices.",
    "onnx": "For most other programs: C++, C#, JavaScript, Rust.",
    "teachable": "A zip in Teachable Machine's format: keras_model.h5, also for Keras 2, and labels.txt.",
    "tfjs": "For browsers: a zip of model.json, its weights and labels.txt.",
}


def show(classifier: Classifier) -> None:
    """Asks for a file format and exports the classifier."""
    file_format = forms.ask_choice("Format", list_formats(classifier), key="export_form")
    precision = _ask_precision(classifier) if file_format == "tflite" else "float32"
    input_format = (
        "images of one size in the range -1 to 1" if file_format in _FIXED_SIZE else "raw images of any size"
    )
    input_format = "one uint8 image of its input size at a time" if precision == "int8" else input_format
    st.caption(f"{_PURPOSES[file_format]} The model takes {input_format}. The file includes the class names.")
    inputs = dict(classifier.inputs)
    if precision == "int8" and classifier.images:
        inputs["data"] = [classifier.images]
    settings = ExportSettings.parse(
        {**classifier.model_settings, "form": file_format, "precision": precision}
    )
    job = inline_jobs.show_inline_job(
        TASK, settings, inputs, f"Export as {EXPORT_TITLES[file_format]}", ":material/ios_share:"
    )
    if job is not None:
        show_export(job)


def list_formats(classifier: Classifier) -> dict[str, str]:
    """Returns the titles of the formats that a classifier has, by name.

    Teachable Machine's programs show one class for each image, so its format takes no multi-label classifier.
    """
    is_multi_label = bool(classifier.data.get("multi_label"))
    return {
        name: title for name, title in EXPORT_TITLES.items() if not (is_multi_label and name == "teachable")
    }


def _ask_precision(classifier: Classifier) -> str:
    """Asks for the number format of a TFLite file; int8 needs the images of the training."""
    has_images = classifier.images is not None and classifier.images.is_available
    choices = {name: name for name in PRECISIONS if name != "int8" or has_images}
    precision = forms.ask_choice("Precision", choices, key="export_precision")
    st.caption(PRECISIONS[precision])
    return precision


def show_export(job: engine.Job) -> None:
    """Shows a finished export: the file, its checks, and a program that uses it."""
    file, figures = results.result_of(job).files[0], results.result_of(job).figures
    for note in figures.get("notes", ()):
        st.markdown(f":material/verified: {words.escape(note)}")
    st.caption(f"{EXPORT_TITLES[job.settings['form']]}, {amounts.format_bytes(figures['bytes'])}")
    with st.container(horizontal=True):
        results.show_file_download(file, TASK, key=job.id, recipe=results.result_of(job).recipe)
    st.caption("A complete program that uses the exported model:")
    language = "javascript" if job.settings["form"] == "tfjs" else "python"
    st.code(figures["snippet"], language=language, wrap_lines=True, height=320)


def show_share_button(classifier: Classifier) -> None:
    """Draws the menu that saves a classifier as a page; nothing for an imported model."""
    classifiers.scroll_to_kept()
    try:
        preset = classifiers.find_preset(classifier)
    except StudioError:
        return
    share_button.show(preset, key="share", show_remedy=partial(_offer_training, classifier))


def show_share_at_result(classifier: Classifier, job: engine.Job, settings: TrainClassifierSettings) -> None:
    """Draws *Share* at a classifier that was just trained, or what it takes to share it."""
    share_button.show_at_result(
        classifiers.find_preset(classifier),
        key=f"share_{job.id}",
        show_remedy=partial(_offer_training_again, job, settings),
    )


def _offer_training_again(job: engine.Job, settings: TrainClassifierSettings) -> None:
    """Offers the same training run on the backbone whose classifiers have pages."""
    is_clicked = st.button(
        f"Train again on {words.choice_label(BACKBONE)}",
        icon=":material/school:",
        type="primary",
        on_click=_select_backbone,
    )
    if is_clicked:
        update = {"backbone": BACKBONE, "preprocessing": AUTO, "flat": False}
        inputs = {slot: files for slot, files in job.inputs.items() if slot != "model"}
        jobs.start(job.task, settings.model_copy(update=update), inputs)


def _select_backbone() -> None:
    """Selects the backbone whose classifiers have pages in the form of "Train"."""
    st.session_state["backbone"], st.session_state[base_model.KEY] = BACKBONE, ""


def _offer_training(classifier: Classifier) -> None:
    if st.button(
        f"Train on {words.choice_label(BACKBONE)}",
        icon=":material/school:",
        on_click=_open_training,
        args=(classifier,),
    ):
        st.rerun()  # the menu is a fragment, but the other half of the page opens


def _open_training(classifier: Classifier) -> None:
    """Opens "Train" with the backbone whose classifiers have pages, and the images of the classifier."""
    forms.set_value(TrainClassifierSettings, "backbone", BACKBONE)
    st.session_state[base_model.KEY] = ""
    st.session_state[classifiers.HALF_KEY] = "train"
    images = classifier.images if classifier.images and classifier.images.is_available else None
    if images:
        data_set_input.select(images)
        st.query_params[data_set_input.KEY] = st.session_state[data_set_input.KEY]
    name = words.escape(classifier.title)
    st.session_state[_NOTE_KEY] = (
        f"The backbone and the training images of {name} are selected."
        if images
        else f"The backbone is selected. The training images of {name} are no longer stored: choose images."
    )


def show_training_note() -> None:
    """Says what the menu "Share" has selected under "Train", and scrolls to it; nothing at other times."""
    if note := st.session_state.pop(_NOTE_KEY, ""):
        st.toast(note, icon=":material/school:")
        css.scroll_to("h1")


def show_backbone_note() -> dict[str, Any]:
    """Says that a classifier on the selected backbone cannot be shared as a page; nothing if it can.

    Returns:
        No settings: see `ask_extra` of `forms.ask_settings`.
    """
    if st.session_state.get("backbone", BACKBONE) != BACKBONE:
        note = f"Only a classifier on {words.choice_label(BACKBONE)} can be shared as a page."
        st.caption(f":material/share: {note}")
    return {}
