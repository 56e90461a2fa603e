"""Refills the form of the page with the images and settings of a training job."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.classify import base_model, classifiers, training
from pages.form import data_set_input
from pages.jobs.refill import Form
from studio import engine


def _can_take(job: engine.Job, settings: Any) -> bool:
    return not job.inputs.get("model")  # an imported model would need another check


def _fill(job: engine.Job, settings: Any) -> None:
    st.session_state[classifiers.HALF_KEY] = "train"
    st.session_state[base_model.KEY] = ""
    data_set_input.select(job.inputs["data"][0])


FORMS = (Form(task=training.TASK, can_take=_can_take, fill=_fill),)
