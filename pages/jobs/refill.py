"""A result's own settings and pictures back into the form of its page, to be changed there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.form import forms, layer_terms, mask_input, painted_masks, picture_input, samples
from pages.jobs import use_again
from pages.jobs.navigation import place_of
from studio import engine
from studio.core.settings import Settings
from studio.core.tasks import File

MOST_STYLES = 4
TASKS = ("style.transfer", "dream.ascend", "paint.learn")
OFFERED = {"content": samples.photos, "style": samples.styles, "guide": samples.guides}
WEIGHED = "weighed_styles"  # whose weights the session has, in the order of the sliders


def can_refill(job: engine.Job, settings: Settings) -> bool:
    """Whether the form of its page can ask for just this."""
    if job.task not in TASKS or job.inputs.get("network"):
        return False
    if not all(mask.here for mask in job.inputs.get("mask", [])):
        return False
    asked = _house(settings)
    return not asked or set(asked) <= _house_titles().keys()  # titles are read from a person's own networks


def _house(settings: Any) -> list[tuple[str, str]]:
    """The house styles of a painting, each with its network."""
    return [(name, settings.network) for name in getattr(settings, "house", ())]


def _house_titles() -> dict[tuple[str, str], str]:
    return {(style.painting, style.network): style.title for style in samples.styles()}


def refill(job: engine.Job, settings: Any) -> None:
    """Puts its settings and pictures into the form. Call it from a callback."""
    forms.prefill(settings)
    for use in use_again.USES:
        if use.file == place_of(job.task).file:
            _choose(use, job.inputs.get(use.slot, []))
    clear_others(job.task, getattr(settings, "style_weights", ()))
    if asked := _house(settings):
        titles = _house_titles()
        st.session_state["style"] = [titles[style] for style in asked]
    if masks := job.inputs.get("mask"):
        _mask(job.inputs["content"][0], masks)
    if layers := getattr(settings, "layers", ()):
        _climb(layers)


def _mask(content: File, masks: Sequence[File]) -> None:
    """Puts masks back where they came from: under the brush, or beside the pictures that a person added."""
    if painted_masks.put(content.digest, st.session_state["style"], masks):
        st.session_state["brush"] = True
    else:
        mask_input.put(masks)


def _climb(layers: Sequence[str]) -> None:
    """Chooses layers and channels, and opens the sheet at the first of them."""
    st.session_state["see"], st.session_state["layers"] = "channels", layer_terms.joined(layers)
    if network := layer_terms.network(layers[0]):
        st.session_state["network"], st.session_state[f"{network}_layer"] = (
            network,
            layer_terms.layer(layers[0]),
        )


def clear_others(task: str, weights: Sequence[float] = ()) -> None:
    """Puts away what the page of a task may ask for besides: a film, masks, layers. For before it is drawn.

    Args:
        weights: of the styles; none for all alike.
    """
    if task == "dream.ascend":
        st.session_state["see"] = "look"
    if task != "style.transfer":
        return
    st.session_state["what"], st.session_state["brush"] = "photo", False
    mask_input.remove()
    set_style_weights(weights)


def set_style_weights(weights: Sequence[float] = ()) -> None:
    """Puts the weights of the styles that are chosen now; none for all alike. Call it from a callback."""
    for number in range(1, MOST_STYLES + 1):
        st.session_state[f"weight_{number}"] = weights[number - 1] if number <= len(weights) else 1.0
    st.session_state.pop(WEIGHED, None)


def _choose(use: use_again.Use, files: list[File]) -> None:
    offered = {sample.title for sample in OFFERED[use.slot]()}
    titles = {name: title for name, title in samples.titles().items() if title in offered}
    if use.many:
        st.session_state[use.slot] = []
    elif not files:
        picture_input.leave_out(use.slot)
    for file in files:
        title = titles.get(samples.spelled(file).removeprefix("sample:"), "")
        picture_input.use(use.slot, file, use.own, title)
