"""The Boltzmann machine: the user draws half a digit and watches Gibbs sampling complete it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import streamlit as st

from pages.form import forms
from pages.jobs import live
from pages.lab import figures, keeping, training
from pages.lab.trained_network import TrainedNetwork
from pages.widgets import browser_images, curves
from studio.lab import drawings, images
from studio.lab.chain import KEPT_PIXELS, GibbsChains, make_mask
from studio.lab.settings import ImagineSettings

POLL_SECONDS, CURVE_SECONDS = 0.12, 0.8
ROUNDS_PER_SECOND, MAX_ROUNDS_PER_POLL = 30, 60  # sampling rounds per second, and at most per poll
CHAINS = 9
_CHAIN_KEY, _SETTINGS_KEY, _ENERGIES_KEY = "lab_chain", "lab_asked", "lab_energies"
_POLLED_KEY = "lab_looked"
_MAX_POINTS = 400  # rounds in the energy curve


def show(network: TrainedNetwork) -> None:
    """Draws the canvas with its controls, and the samples next to them."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _ask_drawing(network)
    with right:
        _draw_samples(network)
        _draw_curve()
        with st.expander("Filters of the hidden units", icon=":material/visibility:"):
            st.image(
                images.draw_filters(network.model, network.digits),
                width="stretch",
                alt="Filters of the hidden units",
            )
            st.caption(
                "One square per hidden unit: light where ink raises its activation, dark where ink lowers it."
            )
    training.draw_again_button()


@st.fragment
def _ask_drawing(network: TrainedNetwork) -> None:
    if figures.CANVAS.is_new():
        figures.load_digit(network.digits)
    drawing = figures.CANVAS.show("Draw half a digit")
    titles = {name: name.capitalize() for name in KEPT_PIXELS}
    kept_half = forms.ask_choice("Keep", titles, key="keep")
    temperature = st.slider("Temperature", 0.1, 3.0, 1.0, 0.05, key="temperature", bind="query-params")
    st.caption(
        "Below 1: closer to typical digits. Above 1: more variety. With nothing kept, whole digits are "
        "sampled."
    )
    st.session_state[_SETTINGS_KEY] = (drawing, kept_half, temperature)
    with st.container(horizontal=True):
        st.button("A digit", icon=":material/casino:", on_click=figures.load_digit, args=(network.digits,))
        st.button("Restart", icon=":material/restart_alt:", on_click=_restart_chains)
        if st.button("Keep", icon=live.KEEP_ICON, help=live.KEEP_HELP):
            values = {"keep": kept_half, "temperature": temperature, "n": CHAINS}
            settings = ImagineSettings.model_validate({**network.model.settings.model_dump(), **values})
            keeping.keep("lab.imagine", settings, drawing, network)


@st.fragment(run_every=POLL_SECONDS)
def _draw_samples(network: TrainedNetwork) -> None:
    drawing, kept_half, temperature = st.session_state[_SETTINGS_KEY]
    chain = _get_chain(network, drawing, kept_half)
    chain.temperature = temperature
    energies = st.session_state[_ENERGIES_KEY]
    for energy in chain.run(_count_rounds_due()):
        energies.append({"step": chain.rounds, "which": "free energy", "value": energy})
    del energies[:-_MAX_POINTS]
    image = images.draw_grid(chain.probabilities, 3, 5)
    browser_images.show_with_caption(image, width="stretch", caption=_describe_samples(drawing, kept_half))
    st.caption(f"Gibbs step {chain.rounds:,} · energy {chain.energy:.0f} nats, the mean of nine chains")


def _count_rounds_due() -> int:
    """Returns the number of sampling rounds due since the last poll."""
    now = time.monotonic()
    previous = st.session_state.get(_POLLED_KEY, now)
    st.session_state[_POLLED_KEY] = now
    return min(MAX_ROUNDS_PER_POLL, max(1, round(ROUNDS_PER_SECOND * (now - previous))))


def _get_chain(network: TrainedNetwork, drawing: np.ndarray, kept_half: str) -> GibbsChains:
    """Returns the Markov chain of this network, drawing and half, restarted when one of them changes."""
    digit = drawings.convert_drawing(drawing, fit=False)
    identity = (id(network.model), digit.tobytes(), kept_half)
    cached: tuple[Any, GibbsChains] | None = st.session_state.get(_CHAIN_KEY)
    if cached is None or cached[0] != identity:
        mask = make_mask(kept_half if digit.any() else "nothing")
        cached = st.session_state[_CHAIN_KEY] = (
            identity,
            GibbsChains(network.model, digit, mask, CHAINS, 1.0, 0),
        )
        st.session_state[_ENERGIES_KEY] = []
    return cached[1]


def _describe_samples(drawing: np.ndarray, kept_half: str) -> str:
    if kept_half == "nothing":
        return "Samples"
    if not drawing.any():
        return "Nothing drawn yet, so it samples freely. Draw half a digit or load one."
    return f"Nine samples, with the {kept_half} half kept"


@st.fragment(run_every=CURVE_SECONDS)
def _draw_curve() -> None:
    energies = st.session_state.get(_ENERGIES_KEY) or []
    curves.show_lines(energies, include_zero=False, caption="Free energy in nats; lower is more probable.")


def _restart_chains() -> None:
    st.session_state.pop(_CHAIN_KEY, None)
