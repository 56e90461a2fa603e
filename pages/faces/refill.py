"""Fills the form with the settings of an earlier grid, face or interpolation."""

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
    is_grid = not settings.face and not settings.interpolate
    fits_grid = settings.n in input_form.COUNTS if is_grid else _find_smallest_grid(settings) is not None
    return fits_grid and settings.preset in models.list_generators()


def _find_smallest_grid(settings: FacesSettings) -> int | None:
    """Returns the size of the smallest grid with the chosen faces; None if no grid is large enough."""
    min_count = max(settings.n, settings.face, settings.to)
    return next((count for count in input_form.COUNTS if count >= min_count), None)


def _fill(job: engine.Job, settings: Any) -> None:
    input_form.fill_form(settings)
    st.session_state["n"] = _find_smallest_grid(settings)
    st.session_state[input_form.MORPH_KEY] = bool(settings.to)
    input_form.mark_photo_as_current()


FORMS = (
    Form(
        task="faces.draw",
        offers={"photo": input_form.list_photos},
        can_take=_can_take,
        fill=_fill,
    ),
)
