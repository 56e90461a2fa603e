"""Fills the form with the drawing or photo and the network of an earlier result."""

from __future__ import annotations

import streamlit as st

from pages.form import drawing_canvas, image_input, samples
from pages.jobs.refill import Form
from pages.sketch import easel, networks
from studio import engine
from studio.core.tasks import File
from studio.sketch.settings import SketchSettings, TranslateSettings


def _can_take_drawing(job: engine.Job, settings: SketchSettings) -> bool:
    return _has_network(job, settings) and drawing_canvas.is_drawing(job.inputs["content"][0])


def _fill_drawing(job: engine.Job, settings: SketchSettings) -> None:
    st.session_state[networks.NETWORK_KEY] = settings.network
    easel.CANVASES[settings.kind].load_file(job.inputs["content"][0])


def _has_network(job: engine.Job, settings: SketchSettings | TranslateSettings) -> bool:
    """Returns whether the page offers the network of a job."""
    return not job.inputs.get("network") and settings.network in networks.list_networks()


def _fill_translation(job: engine.Job, settings: TranslateSettings) -> None:
    st.session_state[networks.NETWORK_KEY] = settings.network
    [content] = job.inputs["content"]
    if drawing_canvas.is_drawing(content):
        st.session_state[networks.INPUT_KEY] = "draw"
        easel.CANVASES["outline"].load_file(content)
    else:
        st.session_state[networks.INPUT_KEY] = "photo"
        _select_photo(content)


def _select_photo(photo: File) -> None:
    own_title = image_input.title_of(photo.name) or "Your photo"
    image_input.add_and_select("content", photo, own_title, samples.find_title(photo))


FORMS = (
    Form(task=easel.TASK, can_take=_can_take_drawing, fill=_fill_drawing),
    Form(task=easel.TRANSLATE, can_take=_has_network, fill=_fill_translation),
)
