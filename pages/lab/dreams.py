"""The Boltzmann machine: the user draws half a digit and watches Gibbs sampling complete it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import streamlit as st

from pages.form import forms
from pages.jobs import live
from pages.lab import figures, teaching
from pages.lab.trained_network import TrainedNetwork
from pages.widgets import browser_images, curves
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.lab import drawings, images
from studio.lab.chain import HALVES, Chain, half_mask
from studio.lab.settings import ImagineSettings

POLL_SECONDS, CURVE_SECONDS = 0.12, 0.8
ROUNDS_PER_SECOND, MOST_ROUNDS = 30, 60  # sampling rounds per second, and at most per poll
CHAINS = 9
_CHAIN_KEY, _SETTINGS_KEY, _ENERGIES_KEY = "lab_chain", "lab_asked", "lab_energies"
_POLLED_KEY = "lab_looked"
_MOST_POINTS = 400  # rounds in the energy curve


def show(network: TrainedNetwork) -> None:
    """Draws the canvas with its controls, and the samples next to them."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _ask(network)
    with right:
        _watch(network)
        _curve()
        with st.expander("Filters of the hidden units", icon=":material/visibility:"):
            st.image(
                images.filters(network.model, network.digits),
                width="stretch",
                alt="Filters of the hidden units",
            )
            st.caption(
                "One square per hidden unit: light where ink raises its activation, dark where ink lowers it."
            )
    teaching.again_button()


@st.fragment
def _ask(network: TrainedNetwork) -> None:
    if figures.CANVAS.is_new():
        _load_digit(network)
    drawing = figures.CANVAS.show("Draw half a digit")
    titles = {name: name.capitalize() for name in HALVES}
    keep = forms.one_of("Keep", titles, key="keep")
    temperature = st.slider("Temperature", 0.1, 3.0, 1.0, 0.05, key="temperature", bind="query-params")
    st.caption(
        "Below 1: closer to typical digits. Above 1: more variety. With nothing kept, it samples freely."
    )
    st.session_state[_SETTINGS_KEY] = (drawing, keep, temperature)
    with st.container(horizontal=True):
        st.button("A digit", icon=":material/casino:", on_click=_load_digit, args=(network,))
        st.button("Restart", icon=":material/restart_alt:", on_click=_forget)
        if st.button("Keep", icon=live.KEEP, help=live.KEEPS):
            _keep(network, drawing, keep, temperature)


@st.fragment(run_every=POLL_SECONDS)
def _watch(network: TrainedNetwork) -> None:
    drawing, keep, temperature = st.session_state[_SETTINGS_KEY]
    chain = _chain(network, drawing, keep)
    chain.temperature = temperature
    energies = st.session_state[_ENERGIES_KEY]
    for energy in chain.run(_rounds_due()):
        energies.append({"step": chain.rounds, "energy": energy})
    del energies[:-_MOST_POINTS]
    image = images.digit_grid(chain.probabilities, 3, 5)
    browser_images.captioned(image, width="stretch", caption=_caption(drawing, keep))
    st.caption(f"Round {chain.rounds:,} · energy {chain.energy:.0f} nats, the mean of nine chains")


def _rounds_due() -> int:
    """Returns the number of sampling rounds due since the last poll."""
    now = time.monotonic()
    previous = st.session_state.get(_POLLED_KEY, now)
    st.session_state[_POLLED_KEY] = now
    return min(MOST_ROUNDS, max(1, round(ROUNDS_PER_SECOND * (now - previous))))


def _chain(network: TrainedNetwork, drawing: np.ndarray, keep: str) -> Chain:
    """Returns the Markov chain of this network, drawing and half, restarted when one of them changes."""
    digit = drawings.read(drawing, fit=False)
    identity = (id(network.model), digit.tobytes(), keep)
    cached: tuple[Any, Chain] | None = st.session_state.get(_CHAIN_KEY)
    if cached is None or cached[0] != identity:
        mask = half_mask(keep if digit.any() else "nothing")
        cached = st.session_state[_CHAIN_KEY] = (
            identity,
            Chain(network.model, digit, mask, CHAINS, 1.0, 0),
        )
        st.session_state[_ENERGIES_KEY] = []
    return cached[1]


def _caption(drawing: np.ndarray, keep: str) -> str:
    if keep == "nothing":
        return "Samples"
    if not drawing.any():
        return "Nothing drawn yet, so it samples freely. Draw half a digit or load one."
    return f"Nine samples, with the {keep} half kept"


@st.fragment(run_every=CURVE_SECONDS)
def _curve() -> None:
    energies = st.session_state.get(_ENERGIES_KEY) or []
    if len(energies) > 1:
        curves.line(energies, "energy", "round", "Free energy in nats; lower is more probable.")


def _load_digit(network: TrainedNetwork) -> None:
    number = st.session_state["lab_taken"] = st.session_state.get("lab_taken", -1) + 1
    figures.CANVAS.put(figures.as_image(network.digits[number % len(network.digits)]))


def _forget() -> None:
    st.session_state.pop(_CHAIN_KEY, None)


def _keep(network: TrainedNetwork, drawing: np.ndarray, keep: str, temperature: float) -> None:
    settings = ImagineSettings.model_validate(
        {**network.model.settings.model_dump(), "keep": keep, "temperature": temperature, "n": CHAINS}
    )
    inputs = {
        **network.result.inputs,
        "content": [File.keep(image_io.encode_png(drawing), "image", "drawing.png")],
    }
    result = live.live_result("lab.imagine", settings, inputs, "lab")
    if result is not None:
        live.keep(result)
