"""Fills the form with the styles, weights and masks of an earlier result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.form import blending, mask_brush, mask_choice, mask_input, samples
from pages.jobs.refill import Form
from pages.style import training_form
from studio import engine
from studio.core.tasks import File
from studio.style.house import known_styles
from studio.style.settings import MAX_STYLES

WEIGHTS_TITLES_KEY = "weighed_styles"  # of the session: titles of the styles, in the order of their weights


def set_weights(weights: Sequence[float] = ()) -> None:
    """Sets the weights of the chosen styles; without any, all are 1. Call it from a callback."""
    for number in range(1, MAX_STYLES + 1):
        st.session_state[f"weight_{number}"] = weights[number - 1] if number <= len(weights) else 1.0
    st.session_state.pop(WEIGHTS_TITLES_KEY, None)


def _can_take(job: engine.Job, settings: Any) -> bool:
    if job.inputs.get("network") or not all(mask.is_available for mask in job.inputs.get("mask", [])):
        return False
    style_count = len(job.inputs.get("style", ())) or len(settings.house)
    if settings.mask_invert or not mask_choice.can_show(settings.mask, style_count):
        return False
    return len(_find_house_titles(settings)) == len(settings.house)


def _find_house_titles(settings: Any) -> list[str]:
    """Returns the titles of the house styles in the settings, without those that are gone."""
    if not settings.house:
        return []  # Skip reading the user's own networks.
    titles = {(style.painting, style.network): style.title for style in samples.list_styles()}
    networks = {
        name: [
            network
            for style, network in titles
            if style == name and known_styles.has_style_unchanged(settings.network, name, network)
        ]
        for name in settings.house
    }
    return [titles[name, networks[name][0]] for name in settings.house if networks[name]]


def _clear() -> None:
    """Opens **Paint**, removes video and masks, and sets all weights to 1."""
    st.session_state[training_form.HALF_KEY], st.session_state["what"] = "paint", "photo"
    st.session_state["brush"] = False
    mask_choice.clear()
    mask_input.remove_masks()
    set_weights()


def fill_form(settings: Any) -> None:
    """Sets the weights and house styles from settings. Call it from a callback."""
    set_weights(settings.style_weights)
    mask_choice.fill(settings.mask)
    if titles := _find_house_titles(settings):
        blending.select("style", titles)


def _fill(job: engine.Job, settings: Any) -> None:
    fill_form(settings)
    if masks := job.inputs.get("mask"):
        _restore_masks(job.inputs["content"][0], masks)


def _restore_masks(content: File, masks: Sequence[File]) -> None:
    """Restores masks where they came from: in the brush, or among the uploaded masks."""
    if mask_brush.load_masks(content.digest, st.session_state["style"], masks):
        st.session_state["brush"] = True
    else:
        mask_input.set_masks(masks)


FORMS = (
    Form(
        task="style.transfer",
        offers={"content": samples.list_photos, "style": samples.list_styles},
        can_take=_can_take,
        clear=_clear,
        fill=_fill,
    ),
)
