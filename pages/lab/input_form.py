"""What the lab's page asks for: which networks are trained, and how."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.form import forms, saved_settings
from pages.widgets import words
from studio.core.settings import Settings
from studio.lab.settings import BoltzmannSettings, TeachSettings

CODES, DREAMS = "codes", "dreams"
WHAT = {CODES: "Autoencoder", DREAMS: "Boltzmann machine"}
_ALONE = "nothing"
_KINDS = TeachSettings.described()["kind"].choices
_EXPLANATIONS = {
    "dense": "One layer encodes, one decodes.",
    "deep": "A hidden layer of 256 units before and after the code.",
    "convolutional": "4 by 4 convolutions, with the same weights at every position.",
    "denoising": "The input is corrupted; the target is the clean digit.",
    "sparse": "Each unit is active for about one digit in ten, so units specialize.",
    "contractive": "A penalty on the derivative of the code makes it robust to small changes.",
    "variational": "A KL divergence keeps latents near a standard normal distribution.",
}


def ask(what: str) -> tuple[Settings, ...]:
    """Draws the form; gives the settings of each network that is to be trained, none if they are wrong."""
    if what == DREAMS:
        machine = forms.form(BoltzmannSettings, skip=("most_steps",))
        saved_settings.saved_settings("lab.boltzmann", machine)
        return (machine,) if machine is not None else ()
    settings = forms.form(TeachSettings, skip=("most_steps",), beside=_about, reset=_reset)
    saved_settings.saved_settings("lab.train", settings)
    if settings is None:
        return ()
    other = st.session_state.get("beside", _ALONE)
    if other in (_ALONE, settings.kind):
        return (settings,)
    return (settings, settings.model_copy(update={"kind": other}))


def _about() -> dict[str, object]:
    """Says what the chosen kind is, and asks for another one next to it."""
    kind = st.session_state.get("kind", "deep")
    st.caption(_EXPLANATIONS.get(kind, ""))
    choices: Sequence[str] = (_ALONE, *_KINDS)
    st.selectbox(
        "Compare with",
        choices,
        format_func=words.choice,
        key="beside",
        bind="query-params",
        help="Trains a second kind with the same settings",
    )
    return {}


def _reset() -> None:
    st.session_state["beside"] = _ALONE
