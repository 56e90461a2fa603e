"""An enlarged picture back into the form of the page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.enhance.input_form import NETWORK, networks
from pages.form import samples
from pages.jobs.refill import Form
from studio import engine
from studio.enhance.settings import SHIPPED


def _can_take(job: engine.Job, settings: Any) -> bool:
    return not job.inputs.get("network") and settings.network in networks()


def _clear() -> None:
    st.session_state["what"], st.session_state[NETWORK] = "photo", SHIPPED


def _fill(job: engine.Job, settings: Any) -> None:
    st.session_state[NETWORK] = settings.network


FORM = Form(
    task="enhance.enlarge",
    offers={"content": samples.photos},
    can_take=_can_take,
    clear=_clear,
    fill=_fill,
)
