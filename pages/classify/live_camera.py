"""Live classification of the camera's images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from pages.classify import camera
from pages.classify.classifiers import Shown
from pages.jobs import live
from pages.widgets import keys, words
from pages.widgets.owners import owner
from studio import engine
from studio.classify.settings import PredictSettings
from studio.core import files
from studio.core.errors import StudioError
from studio.run import file_checks

TASK = "classify.predict"
MOST_TOLD = 6  # labels
KEY = "live_camera"
_TOLD, _FAULT = "live_camera_told", "live_camera_fault"


@st.fragment
def show(classifier: Shown) -> None:
    """The camera, and a bar for each class. A fragment: nothing else of the page follows the images."""
    place = st.columns([3, 2], gap="large")
    fault: str = st.session_state.get(_FAULT, "")
    with place[0]:
        camera.watch(keys.part(KEY, _who(classifier)), partial(_look, classifier), fault)
        if fault:
            st.error(words.plain(fault.partition(" ")[2]), icon=":material/error:")
    with place[1]:
        whose, told = st.session_state.get(_TOLD, ("", ()))
        if whose == _who(classifier) and told:
            bars(told)
        else:
            st.caption("Press Start and hold something in front of the camera. No image is stored.")


def bars(likely: Sequence[Mapping[str, Any]]) -> None:
    """The likeliest labels, each as a bar with its number."""
    for one in likely:
        share = min(max(float(one["probability"]), 0.0), 1.0)
        st.progress(share, f"**{words.plain(one['label'])}** {share:.1%}")


def _who(classifier: Shown) -> str:
    """Which classifier it is, as a part of a key."""
    name = classifier.file.digest if classifier.file else classifier.preset
    return "".join(letter if letter.isalnum() else "_" for letter in name)[:80]


def _look(classifier: Shown, images: Sequence[bytes]) -> None:
    """Asks the classifier about the newest image. What it says stays until it says something else."""
    try:
        for data in images[-1:]:
            file_checks.check_bytes("image", data, "camera.jpg")
            told = _asked(classifier, data)
            st.session_state[_TOLD] = _who(classifier), told
            st.session_state[_FAULT] = ""
    except engine.Superseded:
        return
    except StudioError as error:
        before = st.session_state.get(_FAULT, "").partition(" ")[0]
        st.session_state[_FAULT] = f"{int(before or 0) + 1} {error}"


def _asked(classifier: Shown, data: bytes) -> list[dict[str, Any]]:
    settings = PredictSettings.parse({**classifier.asked, "top": MOST_TOLD})
    with files.for_now(data, "image", "camera.jpg") as file:
        inputs = {"images": [file], **classifier.inputs}
        made = engine.connect().live(TASK, settings, inputs, live.session(), owner())
    labels = made.figures["images"][0]["labels"]
    known = list(classifier.data.get("classes", ()))
    if 0 < len(known) <= MOST_TOLD:  # in one order, so that bars grow and shrink where they are
        labels = sorted(labels, key=lambda one: known.index(one["label"]))
    return labels
