"""Fills the form with the settings of an earlier result."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.enhance.input_form import CLEANER_KEY, NETWORK_KEY, list_networks
from pages.form import mask_choice, samples
from pages.jobs.refill import Form
from studio import engine
from studio.enhance.settings import CLEAN, ENLARGE, SHIPPED_CLEANER, SHIPPED_ENLARGER


def _can_take(job: engine.Job, settings: Any) -> bool:
    has_upload = job.inputs.get("network") or job.inputs.get("cleaner")
    return (
        not has_upload
        and mask_choice.can_take(job, settings)
        and settings.network in list_networks(ENLARGE)
        and settings.cleaner in list_networks(CLEAN)
    )


def _clear() -> None:
    st.session_state["what"] = "photo"
    mask_choice.clear()
    st.session_state[NETWORK_KEY], st.session_state[CLEANER_KEY] = SHIPPED_ENLARGER, SHIPPED_CLEANER


def fill_form(settings: Any, job: engine.Job | None = None) -> None:
    """Selects the networks of settings if they are installed. Call it from a callback."""
    if settings.network in list_networks(ENLARGE):
        st.session_state[NETWORK_KEY] = settings.network
    if settings.cleaner in list_networks(CLEAN):
        st.session_state[CLEANER_KEY] = settings.cleaner
    mask_choice.fill(settings.mask, job)


FORMS = (
    Form(
        task="enhance.enlarge",
        offers={"content": samples.list_photos},
        can_take=_can_take,
        clear=_clear,
        fill=lambda job, settings: fill_form(settings, job),
    ),
)
