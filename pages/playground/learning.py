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
_CURRENT = "learning"  # of the session: the current training stream
_AGAIN = "Trains again from the first step"


def show(settings: PlaygroundSettings, inputs: Inputs) -> Mapping[str, Any]:
    """Draws live training with these settings, and starts it unless it already runs.

    Returns:
        The figures of the result; empty during training.
    """
    content = inputs["content"][0]
    if engine.connect().status() != "ready":
        browser_images.content(content)
        live.wait()
        return {}
    current = streams.watch(TASK, settings, inputs, stream_key=_CURRENT)
    if current.stream is None:
        return {}
    if current.stream.finished:
        return _show_result(settings, inputs)
    image_area, chart_area = st.columns([3, 2], gap="medium")
    with image_area:
        _watch()
    with chart_area:
        _curves()
    return {}


@st.fragment(run_every=POLL_SECONDS)
def _watch() -> None:
    current: streams.WatchedStream = st.session_state[_CURRENT]
    stream, settings = current.stream, current.settings
    assert isinstance(settings, PlaygroundSettings)
    if stream is None or stream.finished:
        st.rerun()
    with css.working():
        streams.bar(stream, settings.steps, key=_CURRENT)
        if stream.preview:
            browser_images.moving(stream.preview, "Current output of the network")
        else:
            browser_images.content(current.inputs["content"][0])
        report = stream.report
        if report and report.metrics:
            st.caption(_metrics_text(settings, report.metrics))


@st.fragment(run_every=CURVE_SECONDS)
def _curves() -> None:
    stream = st.session_state[_CURRENT].stream
    history = list(stream.history) if stream is not None else []
    if history:
        _draw(history, charts.of_metrics(history[-1], "gradient"), charts.of_metrics(history[-1], "value"))


def _draw(history: list[Any], gradients: list[float], values: list[float]) -> None:
    curves.losses(history)
    held_out = " and on held-out pixels" if "validation" in history[0] else ""
    st.caption(f"The loss on training pixels{held_out}. Lower is better.")
    charts.layers(gradients, values, [point["training"] for point in history])


def _metrics_text(settings: PlaygroundSettings, metrics: Mapping[str, Any]) -> str:
    parts = [
        f"{settings.parameters:,} parameters",
        f"PSNR {metrics['psnr_learned']:.1f} dB on training pixels",
    ]
    if metrics.get("psnr_held_out") is not None:
        parts.append(f"{metrics['psnr_held_out']:.1f} dB on held-out pixels")
    return " · ".join(parts) + ". An image at 20 dB is blurred; at 40 it is hard to tell from the photo."


def _show_result(settings: PlaygroundSettings, inputs: Inputs) -> Mapping[str, Any]:
    result = streams.result(_CURRENT)
    if result is None:
        streams.again_button(_AGAIN, _CURRENT)
        return {}
    for note in result.figures.get("notes", ()):
        st.warning(words.plain(note), icon=":material/trending_up:")
    image_area, chart_area = st.columns([3, 2], gap="medium")
    with image_area:
        stop_note = "stopped early" if result.stopped_early else ""
        steps = f"After {result.figures['steps']:,} steps"
        caption = " · ".join(part for part in (steps, stop_note) if part)
        results.compare(inputs["content"][0], result.data, key="result", caption=caption)
        st.caption(_metrics_text(settings, result.figures))
    with chart_area:
        _draw(result.figures["history"], result.figures["gradients"], result.figures["values"])
    with st.container(horizontal=True):
        streams.again_button(_AGAIN, _CURRENT)
        live.keep_button(result, key="painted")
        results.download(result.data, TASK, key="painted", recipe=result.recipe)
        use_again.menu(lambda: File.keep(result.data, "image", "painted.png"), key="painted")
    results.show_recipe(TASK, settings, inputs, result.recipe)
    return result.figures
