"""Taking a classifier along: one file for other programs, checked, and a short program that uses it."""

from __future__ import annotations

import streamlit as st

from pages.form import forms
from pages.jobs import inline_jobs, results
from pages.teach.classifiers import Shown
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
_ZIPPED = ("teachable", "tfjs")  # take pictures of one size
_FOR = {
    "keras": "For Python, to go on working with it.",
    "tflite": "For phones and small devices.",
    "onnx": "For almost everything else: C++, C#, JavaScript, Rust.",
    "teachable": "A zip as Teachable Machine's: keras_model.h5, which Keras 2 reads too, and labels.txt.",
    "tfjs": "For browsers: a zip of model.json, its numbers and labels.txt.",
}


def show(classifier: Shown) -> None:
    """Asks for a form and gives the file."""
    form = forms.one_of("Kind of file", FORMS, key="export_form")
    taken = "images of one size in the range -1 to 1" if form in _ZIPPED else "raw pictures of any size"
    st.caption(f"{_FOR[form]} It takes {taken} and carries the names of its classes.")
    settings = ExportSettings.parse({**classifier.asked, "form": form})
    job = inline_jobs.inline_job(
        TASK, settings, classifier.inputs, f"Make the {FORMS[form]} file", ":material/ios_share:"
    )
    if job is not None:
        show_export(job)


def show_export(job: engine.Job) -> None:
    """A finished export: the file, how exact it is, and a program that uses it."""
    file, figures = job.result.files[0], job.result.figures
    for note in figures.get("notes", ()):
        st.markdown(f":material/verified: {words.plain(note)}")
    st.caption(f"{FORMS[job.settings['form']]}, {amounts.size(figures['bytes'])}")
    with st.container(horizontal=True):
        results.download_file(file, TASK, key=job.id, made=job.result.recipe)
    st.caption("A program that asks it, as it stands:")
    language = "javascript" if job.settings["form"] == "tfjs" else "python"
    st.code(figures["snippet"], language=language, wrap_lines=True, height=320)
