"""Fills the form with the settings of an earlier result."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.enhance.input_form import CLEANS, NETWORK, networks
from pages.form import samples
from pages.jobs.refill import Form
from studio import engine
from studio.enhance.settings import CLEAN, CLEANER, ENLARGE, SHIPPED


def _can_take(job: engine.Job, settings: Any) -> bool:
    has_upload = job.inputs.get("network") or job.inputs.get("cleaner")
    return not has_upload and settings.network in networks(ENLARGE) and settings.cleaner in networks(CLEAN)


def _clear() -> None:
    st.session_state["what"] = "photo"
    st.session_state[NETWORK], st.session_state[CLEANS] = SHIPPED, CLEANER


def put(settings: Any) -> None:
    """Selects the networks of settings if they are installed. Call it from a callback."""
    if settings.network in networks(ENLARGE):
        st.session_state[NETWORK] = settings.network
    if settings.cleaner in networks(CLEAN):
        st.session_state[CLEANS] = settings.cleaner


def _fill(job: engine.Job, settings: Any) -> None:
    put(settings)


FORMS = (
    Form(
        task="enhance.enlarge",
        offers={"content": samples.photos},
        can_take=_can_take,
        clear=_clear,
        fill=_fill,
    ),
)
