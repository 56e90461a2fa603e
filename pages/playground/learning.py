"""Live training: it restarts as soon as a setting changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.jobs import live, streams
from pages.playground import charts
from pages.widgets import browser_images, css, curves, words
from studio import engine
from studio.core.tasks import Inputs
from studio.playground.settings import NetworkSettings

POLL_SECONDS, CURVE_SECONDS = 0.1, 0.7
_STREAM_KEY = "learning"  # of the session: the current training stream
_AGAIN_HELP = "Trains again from the first step"


@dataclass(frozen=True)
class View:
    """What differs between the tasks of the playground.

    Attributes:
        task: that trains.
        samples: what the network is trained on, e.g. "pixels".
        alt: describes the image of the network, for screen readers.
        show_placeholder: draws what stands there before the first image.
        describe_metrics: returns metrics or figures in one line.
        show_image: draws the image of a result with a caption.
    """

    task: str
    samples: str
    alt: str
    show_placeholder: Callable[[Inputs], None]
    describe_metrics: Callable[[Any, Mapping[str, Any]], str]
    show_image: Callable[[Inputs, engine.Live, str], None]


@dataclass(frozen=True)
class Request:
    """What a form of the playground asks for.

    Attributes:
        view: of its task.
        kind: class of the settings.
        settings: None after an error.
        inputs: None while something is missing.
        is_live: whether training is fast enough to start without Start.
        identity: changes with the form, so that the page no longer shows an earlier job.
    """

    view: View
    kind: type[NetworkSettings]
    settings: NetworkSettings | None
    inputs: Inputs | None
    is_live: bool
    identity: Any


def show(view: View, settings: NetworkSettings, inputs: Inputs) -> Mapping[str, Any]:
    """Draws live training with these settings, and starts it unless it already runs.

    Returns:
        The figures of the result; empty during training.
    """
    if engine.connect().status() != "ready":
        view.show_placeholder(inputs)
        live.show_warm_up()
        return {}
    current = streams.open_stream(view.task, settings, inputs, stream_key=_STREAM_KEY)
    if current.stream is None:
        return {}
    if current.stream.finished:
        return _show_result(view, settings, inputs)
    image_area, chart_area = st.columns([3, 2], gap="medium")
    with image_area:
        _show_training(view)
    with chart_area:
        _draw_current_charts(view)
    return {}


@st.fragment(run_every=POLL_SECONDS)
def _show_training(view: View) -> None:
    current: streams.SessionStream = st.session_state[_STREAM_KEY]
    stream, settings = current.stream, current.settings
    assert isinstance(settings, NetworkSettings)
    if stream is None or stream.finished:
        st.rerun()
    with css.create_progress_area():
        streams.show_progress(stream, settings.steps, key=_STREAM_KEY)
        if stream.preview:
            browser_images.show_changing_image(stream.preview, view.alt)
        else:
            view.show_placeholder(current.inputs)
        report = stream.report
        if report and report.metrics:
            st.caption(view.describe_metrics(settings, report.metrics))


@st.fragment(run_every=CURVE_SECONDS)
def _draw_current_charts(view: View) -> None:
    stream = st.session_state[_STREAM_KEY].stream
    history = list(stream.history) if stream is not None else []
    if history:
        _draw_charts(
            view,
            history,
            charts.list_values(history[-1], "gradient"),
            charts.list_values(history[-1], "value"),
        )


def _draw_charts(view: View, history: list[Any], gradients: list[float], values: list[float]) -> None:
    curves.show_losses(history)
    held_out = f" and on held-out {view.samples}" if "validation" in history[0] else ""
    st.caption(f"The loss on training {view.samples}{held_out}. Lower is better.")
    charts.draw_layers(gradients, values, [point["training"] for point in history])


def _show_result(view: View, settings: NetworkSettings, inputs: Inputs) -> Mapping[str, Any]:
    result = streams.get_result(_STREAM_KEY)
    if result is None:
        streams.show_again_button(_AGAIN_HELP, _STREAM_KEY)
        return {}
    for note in result.figures.get("notes", ()):
        st.warning(words.escape(note), icon=":material/trending_up:")
    image_area, chart_area = st.columns([3, 2], gap="medium")
    with image_area:
        stop_note = "stopped early" if result.stopped_early else ""
        steps = f"After {result.figures['steps']:,} steps"
        view.show_image(inputs, result, " · ".join(part for part in (steps, stop_note) if part))
        st.caption(view.describe_metrics(settings, result.figures))
    with chart_area:
        _draw_charts(view, result.figures["history"], result.figures["gradients"], result.figures["values"])
    live.show_actions(
        result, key="painted", show_buttons=lambda: streams.show_again_button(_AGAIN_HELP, _STREAM_KEY)
    )
    return result.figures
