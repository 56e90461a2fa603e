"""Exporting a classifier: a checked file for other programs, and a short program that uses it."""

from __future__ import annotations

import streamlit as st

from pages.classify.classifiers import Shown
from pages.form import forms
from pages.jobs import inline_jobs, results
from pages.widgets import words
from studio import engine
from studio.classify.settings import ExportSettings
from studio.core import amounts

TASK = "classify.export"
FORMS = {
    "keras": "Keras",
    "tflite": "TFLite",
    "onnx": "ONNX",
    "teachable": "Teachable Machine",
    "tfjs": "TensorFlow.js",
}
_ZIPPED = ("teachable", "tfjs")  # take images of one size
_FOR = {
    "keras": "For Python and further training.",
    "tflite": "For phones and small devices.",
    "onnx": "For most other programs: C++, C#, JavaScript, Rust.",
    "teachable": "A zip in Teachable Machine's format: keras_model.h5, also for Keras 2, and labels.txt.",
    "tfjs": "For browsers: a zip of model.json, its weights and labels.txt.",
}


def show(classifier: Shown) -> None:
    """Asks for a form and gives the file."""
    form = forms.one_of("Format", FORMS, key="export_form")
    taken = "images of one size in the range -1 to 1" if form in _ZIPPED else "raw images of any size"
    st.caption(f"{_FOR[form]} The model takes {taken}. The file includes the class names.")
    settings = ExportSettings.parse({**classifier.asked, "form": form})
    job = inline_jobs.inline_job(
        TASK, settings, classifier.inputs, f"Export as {FORMS[form]}", ":material/ios_share:"
    )
    if job is not None:
        show_export(job)


def show_export(job: engine.Job) -> None:
    """A finished export: the file, how exact it is, and a program that uses it."""
    file, figures = results.of_job(job).files[0], results.of_job(job).figures
    for note in figures.get("notes", ()):
        st.markdown(f":material/verified: {words.plain(note)}")
    st.caption(f"{FORMS[job.settings['form']]}, {amounts.size(figures['bytes'])}")
    with st.container(horizontal=True):
        results.download_file(file, TASK, key=job.id, made=results.of_job(job).recipe)
    st.caption("A complete program that uses the exported model:")
    language = "javascript" if job.settings["form"] == "tfjs" else "python"
    st.code(figures["snippet"], language=language, wrap_lines=True, height=320)
