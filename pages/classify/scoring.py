"""How good an imported model is on the user's images: scored and audited by one job."""

from __future__ import annotations

import streamlit as st

from pages.classify import audit, data_sets, evaluations
from pages.classify.classifiers import Shown
from pages.form import data_set_input, kept_inputs, uploads
from pages.jobs import inline_jobs, results
from pages.widgets import words
from studio.classify.settings import AuditSettings
from studio.core.data.names import first_few
from studio.core.tasks import File

_SLOT, _OWN = "score_set", "score_set_file"


def show(shown: Shown) -> None:
    """Asks for images in folders called as the classes, and shows what the model makes of them.

    Args:
        shown: an imported classifier.
    """
    classes = shown.data["classes"]
    st.markdown(
        "Upload images that the model was not trained on: a zip with one folder for each class, named "
        f"{words.plain(first_few(classes))}."
    )
    uploads.ask(
        _SLOT,
        "A zip, tar or npz of images",
        _take,
        type=data_set_input.TAKEN,
        max_upload_size=data_set_input.MOST_MB,
    )
    uploads.show_fault(_SLOT)
    own = kept_inputs.restore_files(_OWN, "dataset")
    kept_inputs.keep_files(_OWN, own)
    if not own:
        return
    file = own[0]
    st.caption(f":material/folder_zip: {words.plain(file.name)}")
    asked = {name: value for name, value in shown.asked.items() if name in AuditSettings.model_fields}
    inputs = {"data": [file], **shown.inputs}
    job = inline_jobs.inline_job(
        audit.TASK, AuditSettings.parse(asked), inputs, "Evaluate", ":material/fact_check:"
    )
    if job is None:
        return
    figures = results.of_job(job).figures
    images = data_sets.if_available(file, shown.side)
    if scored := figures.get("score"):
        evaluations.headline(scored["evaluation"], "Accuracy on these images", "images")
        st.markdown("**Confusion matrix**")
        evaluations.confused(scored["evaluation"], scored["tested"], images, key="score_confusion")
        evaluations.by_class(scored["evaluation"])
    elif unknown := figures.get("unknown"):
        st.warning(
            f"{words.plain(file.name)} has folders that are no classes of the model: "
            f"{words.plain(first_few(unknown))}. Rename these folders, or rename the classes under “Class "
            "names”.",
            icon=":material/label:",
        )
    else:
        st.warning("The model could not be evaluated on these images.", icon=":material/error:")
    for note in figures["notes"]:
        st.caption(f":material/info: {words.plain(note)}")
    audit.doubted(images, figures.get("suspicious") or [])


def _take(data: bytes, name: str) -> None:
    st.session_state[_OWN] = [File.keep(data, "dataset", name)]
