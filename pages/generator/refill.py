"""A training's images and settings back into the form of the page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.form import learning_images
from pages.generator import beginning, wish
from pages.jobs.refill import Form
from studio import engine
from studio.core.data import sample_sets
from studio.core.training import start_from


def _can_take(job: engine.Job, settings: Any) -> bool:
    started = bool(job.inputs.get(start_from.SLOT))  # the model may have learned on or grown since
    return not started and settings.steps in wish.STEPS and settings.scored in (0, wish.MEASURED)


def _fill(job: engine.Job, settings: Any) -> None:
    st.session_state["kind"] = next(kind for kind, task in wish.TASKS.items() if task == job.task)
    st.session_state[beginning.KEY] = ""
    learning_images.put(job.inputs["data"][0], sample_sets.collections())
    wish.put(settings)


FORMS = tuple(Form(task=task, can_take=_can_take, fill=_fill) for task in wish.TASKS.values())
