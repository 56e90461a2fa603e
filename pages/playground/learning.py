"""Live training: it restarts as soon as a setting changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.jobs import live, results, streams, use_again
from pages.playground import charts
from pages.playground.input_form import TASK
from pages.widgets import browser_images, css, curves, words
from studio import engine
from studio.core.tasks import File, Inputs
from studio.playground.settings import PlaygroundSettings

POLL_SECONDS, CURVE_SECONDS = 0.1, 0.7
_STREAM_KEY = "learning"  # of the session: the current training stream
_AGAIN_HELP = "Trains again from the first step"


def show(settings: PlaygroundSettings, inputs: Inputs) -> Mapping[str, Any]:
    """Draws live training with these settings, and starts it unless it already runs.

    Returns:
        The figures of the result; empty during training.
    """
    content = inputs["content"][0]
    if engine.connect().status() != "ready":
        browser_images.show_content(content)
        live.show_warm_up()
        return {}
    current = streams.open_stream(TASK, settings, inputs, stream_key=_STREAM_KEY)
    if current.stream is None:
        return {}
    if current.stream.finished:
        return _show_result(settings, inputs)
    image_area, chart_area = st.columns([3, 2], gap="medium")
    with image_area:
        _show_training()
    with chart_area:
        _draw_current_charts()
    return {}


@st.fragment(run_every=POLL_SECONDS)
def _show_training() -> None:
    current: streams.SessionStream = st.session_state[_STREAM_KEY]
    stream, settings = current.stream, current.settings
    assert isinstance(settings, PlaygroundSettings)
    if stream is None or stream.finished:
        st.rerun()
    with css.create_progress_area():
        streams.show_progress(stream, settings.steps, key=_STREAM_KEY)
        if stream.preview:
            browser_images.show_changing_image(stream.preview, "Current output of the network")
        else:
            browser_images.show_content(current.inputs["content"][0])
        report = stream.report
        if report and report.metrics:
            st.caption(_describe_metrics(settings, report.metrics))


@st.fragment(run_every=CURVE_SECONDS)
def _draw_current_charts() -> None:
    stream = st.session_state[_STREAM_KEY].stream
    history = list(stream.history) if stream is not None else []
    if history:
        _draw_charts(
            history, charts.list_values(history[-1], "gradient"), charts.list_values(history[-1], "value")
        )


def _draw_charts(history: list[Any], gradients: list[float], values: list[float]) -> None:
    curves.show_losses(history)
    held_out = " and on held-out pixels" if "validation" in history[0] else ""
    st.caption(f"The loss on training pixels{held_out}. Lower is better.")
    charts.draw_layers(gradients, values, [point["training"] for point in history])


def _describe_metrics(settings: PlaygroundSettings, metrics: Mapping[str, Any]) -> str:
    parts = [
        f"{settings.parameters:,} parameters",
        f"PSNR {metrics['psnr_learned']:.1f} dB on training pixels",
    ]
    if metrics.get("psnr_held_out") is not None:
        parts.append(f"{metrics['psnr_held_out']:.1f} dB on held-out pixels")
    return " · ".join(parts) + ". An image at 20 dB is blurred; at 40 it is hard to tell from the photo."


def _show_result(settings: PlaygroundSettings, inputs: Inputs) -> Mapping[str, Any]:
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
        caption = " · ".join(part for part in (steps, stop_note) if part)
        results.show_comparison(inputs["content"][0], result.data, key="result", caption=caption)
        st.caption(_describe_metrics(settings, result.figures))
    with chart_area:
        _draw_charts(result.figures["history"], result.figures["gradients"], result.figures["values"])
    with st.container(horizontal=True):
        streams.show_again_button(_AGAIN_HELP, _STREAM_KEY)
        live.show_keep_button(result, key="painted")
        results.show_download(result.data, TASK, key="painted", recipe=result.recipe)
        use_again.show_menu(lambda: File.store(result.data, "image", "painted.png"), key="painted")
    results.show_recipe(TASK, settings, inputs, result.recipe)
    return result.figures
