"""Trains networks while the user watches images and curves, then returns the networks."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.jobs import live, streams
from pages.lab.trained_network import TrainedNetwork
from pages.widgets import browser_images, curves, words
from studio import engine
from studio.core.settings import Settings
from studio.core.tasks import Inputs
from studio.lab import network_file
from studio.lab.autoencoder import Autoencoder
from studio.lab.settings import AutoencoderSettings, BoltzmannSettings

POLL_SECONDS, CURVE_SECONDS = 0.15, 0.8
_STREAM_KEYS = ("lab_first", "lab_second")
_CACHE_KEY = "lab_networks"
_AGAIN_HELP = "Trains again from the first step"


def train_networks(settings_list: Sequence[Settings], inputs: Inputs) -> list[TrainedNetwork]:
    """Returns the networks of these settings once they are trained; until then shows their training."""
    if engine.connect().status() != "ready":
        live.show_warm_up()
        return []
    stream_keys = _STREAM_KEYS[: len(settings_list)]
    watched_list = [
        streams.open_stream(_task_of(settings), settings, inputs, stream_key=stream_key, group=stream_key)
        for stream_key, settings in zip(stream_keys, settings_list, strict=True)
    ]
    streaming = [watched.stream for watched in watched_list if watched.stream is not None]
    if len(streaming) < len(watched_list):
        return []
    if not all(stream.finished for stream in streaming):
        _show_streams(stream_keys)
        _draw_curves(stream_keys)
        return []
    networks = [_read_network(stream_key) for stream_key in stream_keys]
    if None in networks:
        draw_again_button()
        return []
    return [network for network in networks if network is not None]


def draw_again_button() -> None:
    """Draws the button that trains the networks again."""
    streams.show_again_button(_AGAIN_HELP, *_STREAM_KEYS)


def _task_of(settings: Settings) -> str:
    return "lab.train" if isinstance(settings, AutoencoderSettings) else "lab.boltzmann"


def network_title(settings: Settings) -> str:
    """Returns the title of a network: "Deep", "Boltzmann machine"."""
    return (
        words.choice_label(settings.kind)
        if isinstance(settings, AutoencoderSettings)
        else "Boltzmann machine"
    )


def _read_network(stream_key: str) -> TrainedNetwork | None:
    """Returns the network of a finished stream, cached; None after showing an error."""
    result = streams.get_result(stream_key)
    if result is None:
        return None
    cache = st.session_state.setdefault(_CACHE_KEY, {})
    if stream_key not in cache or cache[stream_key].result is not result:
        network, digits = network_file.unpack_network(result.data)
        codes = network.encode(digits) if isinstance(network, Autoencoder) else digits[:, :0]
        cache[stream_key] = TrainedNetwork(network_title(network.settings), network, digits, codes, result)
    return cache[stream_key]


@st.fragment(run_every=POLL_SECONDS)
def _show_streams(stream_keys: Sequence[str]) -> None:
    watched_list: list[streams.SessionStream] = [st.session_state[stream_key] for stream_key in stream_keys]
    if all(watched.stream is None or watched.stream.finished for watched in watched_list):
        st.rerun()
    for watched, stream_key, column in zip(
        watched_list, stream_keys, st.columns(len(watched_list), gap="medium"), strict=True
    ):
        with column:
            _show_stream(watched, stream_key)


def _show_stream(watched: streams.SessionStream, stream_key: str) -> None:
    settings, stream = watched.settings, watched.stream
    assert stream is not None and isinstance(settings, AutoencoderSettings | BoltzmannSettings)
    st.markdown(f"**{network_title(settings)}**")
    if stream.preview:
        browser_images.show_changing_image(stream.preview, _preview_caption(settings))
    if stream.finished:
        st.caption("Training is done; waiting for the other network.")
        return
    streams.show_progress(stream, settings.planned_steps, key=stream_key)
    report = stream.report
    if report and report.metrics:
        st.caption(f"Mean absolute error on held-out digits: {report.metrics['validation']:.1f} (0 to 255).")


def _preview_caption(settings: AutoencoderSettings | BoltzmannSettings) -> str:
    if isinstance(settings, BoltzmannSettings):
        return "Current samples"
    if settings.kind == "denoising":
        return "Held-out digits, corrupted, and their current reconstructions"
    return "Held-out digits and their current reconstructions"


@st.fragment(run_every=CURVE_SECONDS)
def _draw_curves(stream_keys: Sequence[str]) -> None:
    for stream_key, column in zip(stream_keys, st.columns(len(stream_keys), gap="medium"), strict=True):
        stream = st.session_state[stream_key].stream
        with column:
            curves.show_losses(list(stream.history) if stream is not None else [])
