"""Fills the form with the settings, the drawing and the doodles of an earlier result."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.form import drawing_canvas
from pages.jobs.refill import Form
from pages.lab import doodles, dreams, figures, input_form
from studio import engine
from studio.core.settings import Settings
from studio.lab.settings import AutoencoderSettings, BoltzmannSettings, ImagineSettings, RepairSettings


def _has_drawing(job: engine.Job) -> bool:
    """Returns whether the canvas can show the drawing of a job."""
    content = job.inputs.get("content", [])
    return bool(content) and drawing_canvas.is_drawing(content[0])


def _can_take_repair(job: engine.Job, settings: RepairSettings) -> bool:
    return _has_drawing(job) and settings.show == "repair" and settings.fit


def _fill_repair(job: engine.Job, settings: RepairSettings) -> None:
    input_form.reset_comparison()
    st.session_state["noise"], st.session_state["holes"] = settings.noise, settings.holes
    _fill_inputs(job, input_form.CODES)


def _can_take_samples(job: engine.Job, settings: ImagineSettings) -> bool:
    return _has_drawing(job) and settings.n == dreams.CHAINS and not settings.frames


def _fill_samples(job: engine.Job, settings: ImagineSettings) -> None:
    st.session_state["keep"], st.session_state["temperature"] = settings.keep, settings.temperature
    _fill_inputs(job, input_form.DREAMS)


def _fill_inputs(job: engine.Job, model: str) -> None:
    st.session_state[input_form.MODEL_KEY] = model
    doodles.select(job.inputs.get("doodles", ()))
    figures.CANVAS.load_file(job.inputs["content"][0])


def _convert(training: type[Settings]) -> Callable[[Settings], Settings]:
    """Returns the function that takes the training settings out of those of a result."""
    return lambda settings: training.parse(settings.model_dump(include=set(training.model_fields)))


FORMS = (
    Form(
        task="lab.repair", can_take=_can_take_repair, convert=_convert(AutoencoderSettings), fill=_fill_repair
    ),
    Form(
        task="lab.imagine",
        can_take=_can_take_samples,
        convert=_convert(BoltzmannSettings),
        fill=_fill_samples,
    ),
)
