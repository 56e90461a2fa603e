"""A dream's layers and channels back into the form of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.form import layer_terms, samples
from pages.jobs.refill import Form
from pages.widgets import keys
from studio import engine


def _clear() -> None:
    """Lets a look be chosen, not layers and channels."""
    st.session_state["see"] = "look"


def put(settings: Any) -> None:
    """Chooses the look of some settings, or their layers and channels. Call it from a callback."""
    _clear()
    if settings.layers:
        _choose(settings.layers)


def _fill(job: engine.Job, settings: Any) -> None:
    put(settings)


def _choose(layers: Sequence[str]) -> None:
    """Chooses layers and channels, and opens the sheet at the first of them."""
    st.session_state["see"], st.session_state["layers"] = "channels", layer_terms.joined(layers)
    if network := layer_terms.network(layers[0]):
        st.session_state["network"] = network
        st.session_state[keys.part(network, "layer")] = layer_terms.layer(layers[0])


FORMS = (
    Form(
        task="dream.ascend",
        offers={"content": samples.photos, "guide": samples.guides},
        clear=_clear,
        fill=_fill,
    ),
)
