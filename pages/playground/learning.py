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

LOOK_SECONDS, CURVE_SECONDS = 0.1, 0.7
_HELD = "learning"
_AGAIN = "Trains again from the first step"


def show(settings: PlaygroundSettings, inputs: Inputs) -> Mapping[str, Any]:
    """Draws the learning of just this, which begins now unless it has before.

    Returns:
        The figures of the result; none while it learns.
    """
    content = inputs["content"][0]
    if engine.connect().status() != "ready":
        browser_images.content(content)
        live.wait()
        return {}
    held = streams.hold(TASK, settings, inputs, shelf=_HELD)
    if held.stream is None:
        return {}
    if held.stream.finished:
        return _ended(settings, inputs)
    image, drawn = st.columns([3, 2], gap="medium")
    with image:
        _watch()
    with drawn:
        _curves()
    return {}


@st.fragment(run_every=LOOK_SECONDS)
def _watch() -> None:
    held: streams.Held = st.session_state[_HELD]
    stream, settings = held.stream, held.settings
    assert isinstance(settings, PlaygroundSettings)
    if stream is None or stream.finished:
        st.rerun()
    with css.working():
        streams.bar(stream, settings.steps, key=_HELD)
        if stream.preview:
            browser_images.moving(stream.preview, "Current output of the network")
        else:
            browser_images.content(held.inputs["content"][0])
        report = stream.report
        if report and report.metrics:
            st.caption(_numbers(settings, report.metrics))


@st.fragment(run_every=CURVE_SECONDS)
def _curves() -> None:
    stream = st.session_state[_HELD].stream
    history = list(stream.history) if stream is not None else []
    if history:
        _draw(history, charts.of_metrics(history[-1], "gradient"), charts.of_metrics(history[-1], "value"))


def _draw(history: list[Any], gradients: list[float], values: list[float]) -> None:
    curves.losses(history)
    held_out = " and on held-out pixels" if "held out" in history[0] else ""
    st.caption(f"The loss on training pixels{held_out}. Lower is better.")
    charts.layers(gradients, values, [point["learned"] for point in history])


def _numbers(settings: PlaygroundSettings, metrics: Mapping[str, Any]) -> str:
    told = [
        f"{settings.parameters:,} parameters",
        f"PSNR {metrics['psnr_learned']:.1f} dB on training pixels",
    ]
    if metrics.get("psnr_held_out") is not None:
        told.append(f"{metrics['psnr_held_out']:.1f} dB on held-out pixels")
    return " · ".join(told) + ". An image at 20 dB is blurred; at 40 it is hard to tell from the photo."


def _ended(settings: PlaygroundSettings, inputs: Inputs) -> Mapping[str, Any]:
    made = streams.result(_HELD)
    if made is None:
        streams.again_button(_AGAIN, _HELD)
        return {}
    for note in made.figures.get("notes", ()):
        st.warning(words.plain(note), icon=":material/trending_up:")
    image, drawn = st.columns([3, 2], gap="medium")
    with image:
        stopped = "stopped early" if made.stopped_early else ""
        steps = f"After {made.figures['steps']:,} steps"
        caption = " · ".join(part for part in (steps, stopped) if part)
        results.compare(inputs["content"][0], made.data, key="result", caption=caption)
        st.caption(_numbers(settings, made.figures))
    with drawn:
        _draw(made.figures["history"], made.figures["gradients"], made.figures["values"])
    with st.container(horizontal=True):
        streams.again_button(_AGAIN, _HELD)
        live.keep_button(made, key="painted")
        results.download(made.data, TASK, key="painted", made=made.recipe)
        use_again.menu(lambda: File.keep(made.data, "image", "painted.png"), key="painted")
    results.recipe(TASK, settings, inputs, made.recipe)
    return made.figures
