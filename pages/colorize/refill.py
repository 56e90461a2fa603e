"""Fills the form with the settings of an earlier result."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.colorize import color_hint_brush
from pages.colorize.input_form import COLOR_HINTS_KEY, NETWORK_KEY, list_networks
from pages.form import mask_choice, samples
from pages.jobs.refill import Form
from studio import engine
from studio.colorize.settings import SHIPPED_NETWORK


def _can_take(job: engine.Job, settings: Any) -> bool:
    is_supported = len(job.inputs.get("examples", ())) <= 1 and not job.inputs.get("network")
    return is_supported and settings.network in list_networks() and mask_choice.can_take(job, settings)


def _clear() -> None:
    st.session_state["what"], st.session_state[NETWORK_KEY] = "photo", SHIPPED_NETWORK
    st.session_state[COLOR_HINTS_KEY] = False
    mask_choice.clear()


def fill_form(settings: Any, job: engine.Job | None = None) -> None:
    """Selects the network of settings if it is installed. Call it from a callback."""
    if settings.network in list_networks():
        st.session_state[NETWORK_KEY] = settings.network
    mask_choice.fill(settings.mask, job)


def _fill(job: engine.Job, settings: Any) -> None:
    fill_form(settings, job)
    for color_hints in job.inputs.get("color_hints", ()):
        st.session_state[COLOR_HINTS_KEY] = color_hint_brush.load_hints(job.inputs["content"][0], color_hints)


FORMS = (
    Form(
        task="colorize.apply",
        offers={"content": samples.list_gray_photos, "examples": samples.list_photos},
        can_take=_can_take,
        clear=_clear,
        fill=_fill,
    ),
)
