"""Fills the form with the preset, or the layers and channels, of an earlier dream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.form import layer_terms, samples
from pages.jobs.refill import Form
from pages.widgets import keys
from studio import engine


def _open_presets() -> None:
    """Opens the presets instead of layers and channels."""
    st.session_state["see"] = "look"


def fill_form(settings: Any) -> None:
    """Selects the preset of settings, or their layers and channels. Call it from a callback."""
    _open_presets()
    if settings.layers:
        _select_layers(settings.layers)


def _fill(job: engine.Job, settings: Any) -> None:
    fill_form(settings)


def _select_layers(layers: Sequence[str]) -> None:
    """Selects layers and channels, and opens the sheet at the first of them."""
    st.session_state["see"], st.session_state["layers"] = "channels", layer_terms.join(layers)
    if network := layer_terms.backbone_of(layers[0]):
        st.session_state["network"] = network
        st.session_state[keys.part(network, "layer")] = layer_terms.layer_of(layers[0])


FORMS = (
    Form(
        task="dream.ascend",
        offers={"content": samples.list_photos, "guide": samples.list_guides},
        clear=_open_presets,
        fill=_fill,
    ),
)
