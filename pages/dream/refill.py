"""Fills the form with the preset, or the layers and channels, of an earlier dream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.dream import targets
from pages.form import layer_terms, mask_choice, samples
from pages.jobs.refill import Form
from pages.widgets import keys
from studio import engine


def _open_presets() -> None:
    """Opens the presets instead of layers and channels."""
    st.session_state["see"] = "look"


def _clear() -> None:
    """Opens the presets, and turns the mask off."""
    _open_presets()
    mask_choice.clear()


def fill_form(settings: Any, job: engine.Job | None = None) -> None:
    """Selects the preset of settings, or their layers and channels. Call it from a callback."""
    _open_presets()
    if settings.layers:
        _select_layers(settings.layers)
    mask_choice.fill(settings.mask, job)


def _select_layers(layers: Sequence[str]) -> None:
    """Selects layers and channels, and opens the sheet at the first of them."""
    st.session_state["see"], st.session_state["layers"] = "channels", layer_terms.join(layers)
    if network := layer_terms.backbone_of(layers[0]):
        st.session_state["network"] = network
        st.session_state[keys.part(network, "layer")] = layer_terms.layer_of(layers[0])


FORMS = (
    Form(
        task=targets.TASK,
        offers={"content": samples.list_photos, "guide": samples.list_guides},
        can_take=mask_choice.can_take,
        clear=_clear,
        fill=lambda job, settings: fill_form(settings, job),
    ),
)
