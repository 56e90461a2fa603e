"""What the lab's page asks for: which networks are taught, and how."""

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
_TOLD = {
    "dense": "One layer makes the code, one draws from it.",
    "deep": "A layer of 256 units lies before the code and after it.",
    "convolutional": "It looks at patches of four pixels by four, everywhere with the same eyes.",
    "denoising": "It is shown spoilt digits, and taught to give back the whole ones.",
    "sparse": "Each unit may speak for one digit in ten only, so each learns something of its own.",
    "contractive": "Its code may change little when a pixel does, so small flaws do not reach it.",
    "variational": "Its codes lie around zero without gaps, so that there is a digit wherever you walk.",
}


def ask(what: str) -> tuple[Settings, ...]:
    """Draws the form; gives the settings of each network that is to be taught, none if they are wrong."""
    if what == DREAMS:
        settings = forms.form(BoltzmannSettings, skip=("most_steps",))
        saved_settings.saved_settings("lab.boltzmann", settings)
        return (settings,) if settings is not None else ()
    settings = forms.form(TeachSettings, skip=("most_steps",), beside=_about, reset=_reset)
    saved_settings.saved_settings("lab.teach", settings)
    if not isinstance(settings, TeachSettings):
        return ()
    other = st.session_state.get("beside", _ALONE)
    if other in (_ALONE, settings.kind):
        return (settings,)
    return (settings, settings.model_copy(update={"kind": other}))


def _about() -> dict[str, object]:
    """Says what the chosen kind is, and asks for another one beside it."""
    kind = st.session_state.get("kind", "deep")
    st.caption(_TOLD.get(kind, ""))
    choices: Sequence[str] = (_ALONE, *_KINDS)
    st.selectbox(
        "Beside it",
        choices,
        format_func=words.choice,
        key="beside",
        bind="query-params",
        help="A second kind, taught the same, to compare",
    )
    return {}


def _reset() -> None:
    st.session_state["beside"] = _ALONE
