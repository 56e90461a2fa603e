"""Networks that are trained while one watches: first the images and curves, then the networks themselves."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.jobs import live, streams
from pages.lab.taught import Taught
from pages.widgets import browser_images, curves, words
from studio import engine
from studio.core.settings import Settings
from studio.core.tasks import Inputs
from studio.lab import network_file
from studio.lab.autoencoder import Autoencoder
from studio.lab.settings import BoltzmannSettings, TeachSettings

LOOK_SECONDS, CURVE_SECONDS = 0.15, 0.8
_SHELVES = ("lab_first", "lab_second")
_READ = "lab_networks"
_AGAIN = "Trains again from the first step"


def networks(asked: Sequence[Settings], inputs: Inputs) -> list[Taught]:
    """The networks of these settings, once they are trained; until then draws how they are trained."""
    if engine.connect().status() != "ready":
        live.wait()
        return []
    shelves = _SHELVES[: len(asked)]
    helds = [
        streams.hold(_task(settings), settings, inputs, shelf=shelf, beside=shelf)
        for shelf, settings in zip(shelves, asked, strict=True)
    ]
    streaming = [held.stream for held in helds if held.stream is not None]
    if len(streaming) < len(helds):
        return []
    if not all(stream.finished for stream in streaming):
        _watch(shelves)
        _curves(shelves)
        return []
    found = [_read(shelf) for shelf in shelves]
    if None in found:
        again_button()
        return []
    return [one for one in found if one is not None]


def again_button() -> None:
    """The button that trains the network again."""
    streams.again_button(_AGAIN, *_SHELVES)


def _task(settings: Settings) -> str:
    return "lab.train" if isinstance(settings, TeachSettings) else "lab.boltzmann"


def title(settings: Settings) -> str:
    """What a network is called: "Deep", "Boltzmann machine"."""
    return words.choice(settings.kind) if isinstance(settings, TeachSettings) else "Boltzmann machine"


def _read(shelf: str) -> Taught | None:
    """The network of a finished stream, read once."""
    made = streams.result(shelf)
    if made is None:
        return None
    kept = st.session_state.setdefault(_READ, {})
    if shelf not in kept or kept[shelf].made is not made:
        network, others = network_file.unpack(made.data)
        codes = network.encode(others) if isinstance(network, Autoencoder) else others[:, :0]
        kept[shelf] = Taught(title(network.settings), network, others, codes, made)
    return kept[shelf]


@st.fragment(run_every=LOOK_SECONDS)
def _watch(shelves: Sequence[str]) -> None:
    helds: list[streams.Held] = [st.session_state[shelf] for shelf in shelves]
    if all(held.stream is None or held.stream.finished for held in helds):
        st.rerun()
    for held, shelf, column in zip(helds, shelves, st.columns(len(helds), gap="medium"), strict=True):
        with column:
            _look(held, shelf)


def _look(held: streams.Held, shelf: str) -> None:
    settings, stream = held.settings, held.stream
    assert stream is not None and isinstance(settings, TeachSettings | BoltzmannSettings)
    st.markdown(f"**{title(settings)}**")
    if stream.preview:
        browser_images.moving(stream.preview, _caption(settings))
    if stream.finished:
        st.caption("Training is done; waiting for the other network.")
        return
    streams.bar(stream, settings.planned, key=shelf)
    report = stream.report
    if report and report.metrics:
        st.caption(f"Mean absolute error on held-out digits: {report.metrics['held out']:.1f} (0 to 255).")


def _caption(settings: TeachSettings | BoltzmannSettings) -> str:
    if isinstance(settings, BoltzmannSettings):
        return "Current samples"
    if settings.kind == "denoising":
        return "Held-out digits, corrupted, and their current reconstructions"
    return "Held-out digits and their current reconstructions"


@st.fragment(run_every=CURVE_SECONDS)
def _curves(shelves: Sequence[str]) -> None:
    for shelf, column in zip(shelves, st.columns(len(shelves), gap="medium"), strict=True):
        stream = st.session_state[shelf].stream
        with column:
            curves.losses(list(stream.history) if stream is not None else [])
