"""Evaluates an imported model on the user's images; one job also audits them."""

from __future__ import annotations

import streamlit as st

from pages.classify import audit, data_sets, evaluations, top_losses
from pages.classify.classifiers import Classifier
from pages.form import data_set_input, input_store, uploads
from pages.jobs import inline_jobs, results
from pages.widgets import page_errors, words
from studio.classify.settings import AuditSettings
from studio.core.data.names import join_first_few
from studio.core.tasks import File

_SLOT, _ARCHIVE_KEY = "score_set", "score_set_file"


def show(classifier: Classifier) -> None:
    """Asks for images in folders named like the classes, and shows the evaluation on them.

    Args:
        classifier: an imported classifier.
    """
    classes = classifier.data["classes"]
    st.markdown(
        "Upload images that the model was not trained on: a zip with one folder for each class, named "
        f"{words.escape(join_first_few(classes))}."
    )
    uploads.ask(
        _SLOT,
        "A zip, tar or npz of images",
        _store_upload,
        type=data_set_input.FILE_TYPES,
        max_upload_size=data_set_input.MAX_MB,
    )
    page_errors.show_errors(_SLOT)
    archives = input_store.restore_files(_ARCHIVE_KEY, "dataset")
    input_store.store_files(_ARCHIVE_KEY, archives)
    if not archives:
        return
    file = archives[0]
    st.caption(f":material/folder_zip: {words.escape(file.name)}")
    settings = {
        name: value for name, value in classifier.model_settings.items() if name in AuditSettings.model_fields
    }
    inputs = {"data": [file], **classifier.inputs}
    job = inline_jobs.show_inline_job(
        audit.TASK, AuditSettings.parse(settings), inputs, "Evaluate", ":material/fact_check:"
    )
    if job is None:
        return
    figures = results.result_of(job).figures
    images = data_sets.load_if_available(file, classifier.side)
    if score := figures.get("score"):
        evaluations.show_accuracy(score["evaluation"], "Accuracy on these images", "images")
        evaluations.show_confusion_matrix(score["evaluation"], score["tested"], images, key="score_confusion")
        evaluations.show_per_class(score["evaluation"])
        top_losses.show(score.get("top_losses", ()), images, key="score_top_losses")
    elif unknown := figures.get("unknown"):
        st.warning(
            f"{words.escape(file.name)} has folders that are no classes of the model: "
            f"{words.escape(join_first_few(unknown))}. Rename these folders, or rename the classes under "
            f"“Class "
            "names”.",
            icon=":material/label:",
        )
    else:
        st.warning("The model could not be evaluated on these images.", icon=":material/error:")
    results.show_notes(figures["notes"])
    audit.show_suspicious(images, figures.get("suspicious") or [])


def _store_upload(data: bytes, name: str) -> None:
    st.session_state[_ARCHIVE_KEY] = [File.store(data, "dataset", name)]
