"""Live classification of the camera's images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from pages.classify import camera
from pages.classify.classifiers import Classifier
from pages.jobs import live
from pages.widgets import keys, words
from pages.widgets.owners import get_owner
from studio import engine
from studio.classify.models import rejection
from studio.classify.settings import PredictSettings
from studio.core import files
from studio.core.errors import StudioError
from studio.run import file_checks

TASK = "classify.predict"
MAX_LABELS = 6  # labels
KEY = "live_camera"
_PREDICTION_KEY, _FAULT_KEY = "live_camera_prediction", "live_camera_fault"


@st.fragment
def show(classifier: Classifier) -> None:
    """Shows the camera and a bar for each class. A fragment: the rest of the page does not rerun."""
    columns = st.columns([3, 2], gap="large")
    fault: str = st.session_state.get(_FAULT_KEY, "")
    with columns[0]:
        camera.show_live(
            keys.part(KEY, _classifier_key(classifier)), partial(_classify_newest, classifier), fault
        )
        if fault:
            st.error(words.escape(fault.partition(" ")[2]), icon=":material/error:")
    with columns[1]:
        key, prediction = st.session_state.get(_PREDICTION_KEY, ("", {}))
        if key == _classifier_key(classifier) and prediction:
            show_prediction(prediction)
        else:
            st.caption("Press Start and hold something in front of the camera. No image is stored.")


def show_prediction(prediction: Mapping[str, Any]) -> None:
    """Shows the most probable labels, each as a bar with its probability, and whether the image is rejected.

    Args:
        prediction: `labels`, and `none_of_these` and `threshold` of a classifier with a threshold;
            `predicted` of a multi-label one.
    """
    if prediction.get(rejection.KEY):
        st.markdown(
            f":material/block: **None of these**: no class reaches {prediction['threshold']:.1%}, the "
            "threshold of this classifier."
        )
    if predicted := prediction.get("predicted"):
        names = ", ".join(map(words.escape, predicted))
        st.markdown(f":material/label: **{names}**: at least {prediction['threshold']:.0%}.")
    for entry in prediction["labels"]:
        share = min(max(float(entry["probability"]), 0.0), 1.0)
        st.progress(share, f"**{words.escape(entry['label'])}** {share:.1%}")


def _classifier_key(classifier: Classifier) -> str:
    """Returns an identifier of the classifier for keys of widgets."""
    name = classifier.file.digest if classifier.file else classifier.preset
    return "".join(letter if letter.isalnum() else "_" for letter in name)[:80]


def _classify_newest(classifier: Classifier, images: Sequence[bytes]) -> None:
    """Classifies the newest image and stores the prediction, which stays until the next result."""
    try:
        for data in images[-1:]:
            file_checks.check_bytes("image", data, "camera.jpg")
            st.session_state[_PREDICTION_KEY] = _classifier_key(classifier), _predict(classifier, data)
            st.session_state[_FAULT_KEY] = ""
    except engine.Superseded:
        return
    except StudioError as error:
        previous = st.session_state.get(_FAULT_KEY, "").partition(" ")[0]
        st.session_state[_FAULT_KEY] = f"{int(previous or 0) + 1} {error}"


def _predict(classifier: Classifier, data: bytes) -> dict[str, Any]:
    settings = PredictSettings.parse({**classifier.model_settings, "top": MAX_LABELS})
    with files.store_temporarily(data, "image", "camera.jpg") as file:
        inputs = {"images": [file], **classifier.inputs}
        result = engine.connect().run_live(TASK, settings, inputs, live.get_session_name(), get_owner())
    prediction = dict(result.figures["images"][0])
    classes = list(classifier.data.get("classes", ()))
    if 0 < len(classes) <= MAX_LABELS:  # a fixed order, so that the bars do not swap places
        prediction["labels"].sort(key=lambda entry: classes.index(entry["label"]))
    return prediction
