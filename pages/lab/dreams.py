"""The Boltzmann machine on the page: one draws a half, and watches it imagine the other, round by round."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import streamlit as st

from pages.form import forms
from pages.jobs import live
from pages.lab import figures, teaching
from pages.lab.taught import Taught
from pages.widgets import browser_images, curves
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.lab import drawings, images
from studio.lab.chain import HALVES, Chain, half
from studio.lab.settings import ImagineSettings

LOOK_SECONDS, CURVE_SECONDS = 0.12, 0.8
RATE, MOST = 30, 60  # rounds a second, however often the page looks, and at one look
N = 9
_CHAIN, _ASKED, _ENERGIES = "lab_chain", "lab_asked", "lab_energies"
_LOOKED = "lab_looked"
_CURVE = 400  # rounds that the curve shows


def show(taught: Taught) -> None:
    """Draws the canvas with its controls, and next to them what is imagined."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _ask(taught)
    with right:
        _watch(taught)
        _curve()
        with st.expander("Filters of the hidden units", icon=":material/visibility:"):
            st.image(
                images.filters(taught.network, taught.others),
                width="stretch",
                alt="Filters of the hidden units",
            )
            st.caption(
                "One square per hidden unit: light where ink raises its activation, dark where ink lowers it."
            )
    teaching.again_button()


@st.fragment
def _ask(taught: Taught) -> None:
    if figures.CANVAS.is_new():
        _take(taught)
    drawn = figures.CANVAS.show("Draw half a digit")
    titles = {name: name.capitalize() for name in HALVES}
    keep = forms.one_of("Keep", titles, key="keep")
    temperature = st.slider("Temperature", 0.1, 3.0, 1.0, 0.05, key="temperature", bind="query-params")
    st.caption(
        "Below 1: closer to typical digits. Above 1: more variety. With nothing kept, it samples freely."
    )
    st.session_state[_ASKED] = (drawn, keep, temperature)
    with st.container(horizontal=True):
        st.button("A digit", icon=":material/casino:", on_click=_take, args=(taught,))
        st.button("Restart", icon=":material/restart_alt:", on_click=_forget)
        if st.button("Keep", icon=live.KEEP, help=live.KEEPS):
            _keep(taught, drawn, keep, temperature)


@st.fragment(run_every=LOOK_SECONDS)
def _watch(taught: Taught) -> None:
    drawn, keep, temperature = st.session_state[_ASKED]
    chain = _chain(taught, drawn, keep)
    chain.temperature = temperature
    energies = st.session_state[_ENERGIES]
    for energy in chain.follow(_due()):
        energies.append({"step": chain.rounds, "energy": energy})
    del energies[:-_CURVE]
    shown = images.shown(chain.chances, 3, 5)
    browser_images.captioned(shown, width="stretch", caption=_caption(drawn, keep))
    st.caption(f"Round {chain.rounds:,} · energy {chain.energy:.0f} nats, the mean of nine chains")


def _due() -> int:
    """How many rounds are due since the last look."""
    now = time.monotonic()
    before = st.session_state.get(_LOOKED, now)
    st.session_state[_LOOKED] = now
    return min(MOST, max(1, round(RATE * (now - before))))


def _chain(taught: Taught, drawn: np.ndarray, keep: str) -> Chain:
    """The chain of just this, which begins again with another drawing."""
    drawing = drawings.read(drawn, fit=False)
    name = (id(taught.network), drawing.tobytes(), keep)
    held: tuple[Any, Chain] | None = st.session_state.get(_CHAIN)
    if held is None or held[0] != name:
        kept = half(keep if drawing.any() else "nothing")
        held = st.session_state[_CHAIN] = (name, Chain(taught.network, drawing, kept, N, 1.0, 0))
        st.session_state[_ENERGIES] = []
    return held[1]


def _caption(drawn: np.ndarray, keep: str) -> str:
    if keep == "nothing":
        return "Samples"
    if not drawn.any():
        return "Nothing drawn yet, so it samples freely. Draw half a digit or load one."
    return f"Nine samples, with the {keep} half kept"


@st.fragment(run_every=CURVE_SECONDS)
def _curve() -> None:
    energies = st.session_state.get(_ENERGIES) or []
    if len(energies) > 1:
        curves.line(energies, "energy", "round", "Free energy in nats; lower is more probable.")


def _take(taught: Taught) -> None:
    number = st.session_state["lab_taken"] = st.session_state.get("lab_taken", -1) + 1
    figures.CANVAS.put(figures.as_image(taught.others[number % len(taught.others)]))


def _forget() -> None:
    st.session_state.pop(_CHAIN, None)


def _keep(taught: Taught, drawn: np.ndarray, keep: str, temperature: float) -> None:
    wanted = ImagineSettings.model_validate(
        {**taught.network.settings.model_dump(), "keep": keep, "temperature": temperature, "n": N}
    )
    inputs = {
        **taught.made.inputs,
        "content": [File.keep(image_io.encode_png(drawn), "image", "drawing.png")],
    }
    made = live.live_result("lab.imagine", wanted, inputs, "lab")
    if made is not None:
        live.keep(made)
