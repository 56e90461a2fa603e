"""Fills the form with the settings of an earlier text, or text and settings of a training run."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.jobs.refill import Form
from pages.text import halves, language_models, own_texts, start_models, training, writing
from studio import engine
from studio.core.tasks import humanize_stem
from studio.core.training import start_from


def _can_take_writing(job: engine.Job, settings: Any) -> bool:
    return (
        not job.inputs.get("model")
        and settings.count == 1
        and settings.preset in language_models.list_names()
    )


def _fill_writing(job: engine.Job, settings: Any) -> None:
    st.session_state[halves.KEY] = "write"
    writing.fill_form(settings)


def _name_start_model(job: engine.Job) -> str:
    """Returns the name of the language model that a training run started from; "" for none."""
    return next((humanize_stem(file.name) for file in job.inputs.get(start_from.SLOT, ())), "")


def _can_take_training(job: engine.Job, settings: Any) -> bool:
    if job.inputs.get(start_from.SLOT):
        return _name_start_model(job) in language_models.list_names()
    return settings.units in halves.UNIT_CHOICES


def _fill_training(job: engine.Job, settings: Any) -> None:
    st.session_state[halves.KEY] = "own"
    st.session_state[start_models.KEY] = _name_start_model(job)
    own_texts.select(job.inputs["text"][0])
    st.session_state["encoding"] = settings.encoding


FORMS = (
    Form(task=writing.TASK, can_take=_can_take_writing, fill=_fill_writing),
    Form(task=training.TASK, can_take=_can_take_training, fill=_fill_training),
)
