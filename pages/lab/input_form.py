"""The form of the Lab page: which networks to train, and their settings."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.form import forms, saved_settings
from pages.widgets import words
from studio.core.settings import Settings
from studio.lab.settings import AutoencoderSettings, BoltzmannSettings

CODES, DREAMS = "codes", "dreams"
MODEL_KEY, _COMPARISON_KEY = "lab_model", "compare_with"
MODELS = {CODES: "Autoencoder", DREAMS: "Boltzmann machine"}
_NO_COMPARISON = "nothing"
_KINDS = AutoencoderSettings.describe()["kind"].choices
_EXPLANATIONS = {
    "dense": "The encoder and the decoder have one layer each.",
    "deep": "A hidden layer of 256 units before and after the latent vector.",
    "convolutional": "4 by 4 convolutions apply the same weights at every position.",
    "denoising": "The input is corrupted; the target is the clean digit.",
    "sparse": "Each unit is active for about one digit in ten, so units specialize.",
    "contractive": (
        "A penalty on the derivative of the encoder makes the latent vector robust to small changes of the "
        "input."
    ),
    "variational": "The Kullback-Leibler (KL) divergence keeps latents near a standard normal distribution.",
}


def ask(model: str) -> tuple[Settings, ...]:
    """Draws the form. Returns the settings of each network to train; none if they are invalid."""
    if model == DREAMS:
        machine = forms.ask_settings(BoltzmannSettings, skip=("most_steps",), seed_mode="live")
        saved_settings.show_saved_settings("lab.boltzmann", machine)
        return (machine,) if machine is not None else ()
    settings = forms.ask_settings(
        AutoencoderSettings,
        skip=("most_steps",),
        ask_extra=_ask_comparison,
        reset_more=reset_comparison,
        seed_mode="live",
    )
    saved_settings.show_saved_settings("lab.train", settings)
    if settings is None:
        return ()
    other_kind = st.session_state.get(_COMPARISON_KEY, _NO_COMPARISON)
    if other_kind in (_NO_COMPARISON, settings.kind):
        return (settings,)
    return (settings, settings.model_copy(update={"kind": other_kind}))


def _ask_comparison() -> dict[str, object]:
    """Explains the selected kind, and asks for a second one to compare it with."""
    kind = st.session_state.get("kind", "deep")
    st.caption(_EXPLANATIONS.get(kind, ""))
    choices: Sequence[str] = (_NO_COMPARISON, *_KINDS)
    st.selectbox(
        "Compare with",
        choices,
        format_func=words.choice_label,
        key=_COMPARISON_KEY,
        bind="query-params",
        help="Also trains this second type of autoencoder, with the same settings",
    )
    return {}


def reset_comparison() -> None:
    """Turns the comparison with a second autoencoder off. Call it from a callback."""
    st.session_state[_COMPARISON_KEY] = _NO_COMPARISON
