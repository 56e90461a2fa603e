"""Refills the form of the page with the images and settings of a training job."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.form import training_images
from pages.generator import input_form, start_models
from pages.jobs.refill import Form
from studio import engine
from studio.core.data import sample_sets
from studio.core.training import start_from


def _can_take(job: engine.Job, settings: Any) -> bool:
    has_start_model = bool(job.inputs.get(start_from.SLOT))  # its start model may have changed meanwhile
    return (
        not has_start_model
        and settings.steps in input_form.STEPS
        and settings.scored in (0, input_form.SCORED_IMAGES)
    )


def _fill(job: engine.Job, settings: Any) -> None:
    st.session_state["kind"] = next(kind for kind, task in input_form.TASKS.items() if task == job.task)
    st.session_state[start_models.KEY] = ""
    training_images.select(job.inputs["data"][0], sample_sets.list_generator_collections())
    input_form.fill_form(settings)


FORMS = tuple(Form(task=task, can_take=_can_take, fill=_fill) for task in input_form.TASKS.values())
