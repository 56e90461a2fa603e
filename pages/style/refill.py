"""A painting's styles, weights and masks back into the form of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.form import blending, mask_input, painted_masks, samples
from pages.jobs.refill import Form
from pages.style import lesson
from studio import engine
from studio.core.tasks import File
from studio.style.house import known_styles

MOST_STYLES = 4
WEIGHED = "weighed_styles"  # whose weights the session has, in the order of the sliders


def set_weights(weights: Sequence[float] = ()) -> None:
    """Puts the weights of the styles that are chosen now; none for all alike. Call it from a callback."""
    for number in range(1, MOST_STYLES + 1):
        st.session_state[f"weight_{number}"] = weights[number - 1] if number <= len(weights) else 1.0
    st.session_state.pop(WEIGHED, None)


def _can_take(job: engine.Job, settings: Any) -> bool:
    if job.inputs.get("network") or not all(mask.here for mask in job.inputs.get("mask", [])):
        return False
    return len(_house_titles(settings)) == len(settings.house)


def _house_titles(settings: Any) -> list[str]:
    """The titles of the house styles of a painting, as they are offered; without those that are gone."""
    if not settings.house:
        return []  # titles are read from a user's own networks
    offered = {(style.painting, style.network): style.title for style in samples.styles()}
    homes = {
        name: [
            home
            for style, home in offered
            if style == name and known_styles.paints_as(settings.network, name, home)
        ]
        for name in settings.house
    }
    return [offered[name, homes[name][0]] for name in settings.house if homes[name]]


def _clear() -> None:
    """Opens the half that paints, puts away a video and masks, and weighs all styles alike."""
    st.session_state[lesson.HALF], st.session_state["what"] = "paint", "photo"
    st.session_state["brush"] = False
    mask_input.remove()
    set_weights()


def put(settings: Any) -> None:
    """Chooses the weights and the house styles of some settings. Call it from a callback."""
    set_weights(settings.style_weights)
    if titles := _house_titles(settings):
        blending.choose("style", titles)


def _fill(job: engine.Job, settings: Any) -> None:
    put(settings)
    if masks := job.inputs.get("mask"):
        _put_masks(job.inputs["content"][0], masks)


def _put_masks(content: File, masks: Sequence[File]) -> None:
    """Puts masks back where they came from: under the brush, or next to the images that a user added."""
    if painted_masks.put(content.digest, st.session_state["style"], masks):
        st.session_state["brush"] = True
    else:
        mask_input.put(masks)


FORMS = (
    Form(
        task="style.transfer",
        offers={"content": samples.photos, "style": samples.styles},
        can_take=_can_take,
        clear=_clear,
        fill=_fill,
    ),
)
