"""A coloured picture back into the form of the page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.colour import dab_brush
from pages.colour.input_form import DABS, NETWORK, networks
from pages.form import samples
from pages.jobs.refill import Form
from studio import engine
from studio.colour.settings import SHIPPED


def _can_take(job: engine.Job, settings: Any) -> bool:
    alone = len(job.inputs.get("examples", ())) <= 1 and not job.inputs.get("network")
    return alone and settings.network in networks()


def _clear() -> None:
    st.session_state["what"], st.session_state[NETWORK] = "photo", SHIPPED
    st.session_state[DABS] = False


def put(settings: Any) -> None:
    """Chooses the network of some settings, if it is here. Call it from a callback."""
    if settings.network in networks():
        st.session_state[NETWORK] = settings.network


def _fill(job: engine.Job, settings: Any) -> None:
    put(settings)
    for dabs in job.inputs.get("dabs", ()):
        st.session_state[DABS] = dab_brush.put(job.inputs["content"][0], dabs)


FORMS = (
    Form(
        task="colour.picture",
        offers={"content": samples.gray_photos, "examples": samples.photos},
        can_take=_can_take,
        clear=_clear,
        fill=_fill,
    ),
)
