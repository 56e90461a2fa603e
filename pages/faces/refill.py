"""A grid, a face or an interpolation back into the form of the page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.faces import input_form, models
from pages.jobs.refill import Form
from studio import engine
from studio.faces.settings import FacesSettings


def _can_take(job: engine.Job, settings: FacesSettings) -> bool:
    if job.inputs.get("model") or settings.form != "sheet":
        return False
    whole_grid = not settings.face and not settings.interpolate
    fits = settings.n in input_form.COUNTS if whole_grid else _least_grid(settings) is not None
    return fits and settings.preset in models.presets_that_draw()


def _least_grid(settings: FacesSettings) -> int | None:
    """The smallest grid that the page draws and that has the chosen faces; None if none is so large."""
    least = max(settings.n, settings.face, settings.to)
    return next((count for count in input_form.COUNTS if count >= least), None)


def _fill(job: engine.Job, settings: Any) -> None:
    input_form.put(settings)
    st.session_state["n"] = _least_grid(settings)
    st.session_state[input_form.MORPH] = bool(settings.to)
    input_form.took_photo()


FORMS = (
    Form(
        task="faces.draw",
        offers={"photo": input_form.photos},
        can_take=_can_take,
        fill=_fill,
    ),
)
