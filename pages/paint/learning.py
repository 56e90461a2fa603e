"""A network that learns while one watches, and begins anew as soon as a knob is released."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.jobs import live, results, use_again
from pages.paint import charts
from pages.paint.input_form import TASK
from pages.widgets import browser_pictures, curves, words
from pages.widgets.owners import owner
from studio import engine
from studio.core.errors import StudioError
from studio.core.tasks import File, Inputs
from studio.paint.settings import PaintSettings

LOOK_SECONDS, CURVE_SECONDS = 0.1, 0.7
_AT_FIRST = 0.2  # s that the page waits for the first picture before it shows the photo instead
_UNWATCHED = 20.0  # s, more than a busy server needs to draw a page; others wait for their turn
_HELD = "learning"


@dataclass
class Held:
    """What this tab watches, or watched last.

    Attributes:
        settings, inputs: what was asked.
        stream: None after a problem.
        problem: why there is none, as a sentence.
    """

    settings: PaintSettings
    inputs: Inputs
    stream: engine.Stream | None
    problem: str = ""


def show(settings: PaintSettings, inputs: Inputs) -> Mapping[str, Any]:
    """Draws the learning of just this, which begins now unless it has before.

    Returns:
        The figures of the result; none while it learns.
    """
    content = inputs["content"][0]
    if engine.connect().status() != "ready":
        browser_pictures.content(content)
        live.wait()
        return {}
    held: Held | None = st.session_state.get(_HELD)
    if held is None or (held.settings, held.inputs) != (settings, inputs):
        held = st.session_state[_HELD] = _begin(settings, inputs)
    if held.stream is not None and held.stream.finished:
        return _ended(held, held.stream)
    if held.stream is None:
        st.error(words.plain(held.problem), icon=":material/error:")
        return {}
    picture, drawn = st.columns([3, 2], gap="medium")
    with picture:
        _watch()
    with drawn:
        _curves()
    return {}


def _begin(settings: PaintSettings, inputs: Inputs) -> Held:
    try:
        stream = engine.connect().stream(TASK, settings, inputs, live.session(), owner())
    except StudioError as error:
        return Held(settings, inputs, None, str(error))
    stream.unwatched = _UNWATCHED
    end = time.monotonic() + _AT_FIRST
    while stream.preview is None and not stream.finished and time.monotonic() < end:
        time.sleep(0.01)
    return Held(settings, inputs, stream)


@st.fragment(run_every=LOOK_SECONDS)
def _watch() -> None:
    held: Held = st.session_state[_HELD]
    stream = held.stream
    if stream is None or stream.finished:
        st.rerun()
    if stream.preview:
        st.image(stream.preview, width="stretch", caption="What the network paints now")
    else:
        browser_pictures.content(held.inputs["content"][0])
    report = stream.report
    waiting = "Waiting for its turn" if report is None else ""
    done, total = (report.step, report.total) if report and report.total else (0, held.settings.steps)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(done / total, 1.0), waiting or report.stage or f"Step {done:,} of {total:,}")
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            help="Keeps what it has learnt",
            disabled=stream.stopping,
            on_click=stream.stop,
        )
    if report and report.metrics:
        st.caption(_numbers(held.settings, report.metrics))


@st.fragment(run_every=CURVE_SECONDS)
def _curves() -> None:
    stream = st.session_state[_HELD].stream
    history = list(stream.history) if stream is not None else []
    if history:
        _draw(history, charts.of_metrics(history[-1], "gradient"), charts.of_metrics(history[-1], "value"))


def _draw(history: list[Any], gradients: list[float], values: list[float]) -> None:
    curves.losses(history)
    held_out = " and of those it never sees" if "held out" in history[0] else ""
    st.caption(f"How wrong it is, the loss: of the pixels it learns{held_out}. Lower is better.")
    charts.layers(gradients, values)


def _numbers(settings: PaintSettings, metrics: Mapping[str, Any]) -> str:
    told = [
        f"{settings.parameters:,} numbers to learn",
        f"{metrics['psnr_learnt']:.1f} dB on pixels it learns",
    ]
    if metrics.get("psnr_held_out") is not None:
        told.append(f"{metrics['psnr_held_out']:.1f} dB on those it never sees")
    return " · ".join(told) + ". At 20 dB a picture is a blur, at 40 hardly to be told from the photo."


def _ended(held: Held, stream: engine.Stream) -> Mapping[str, Any]:
    try:
        made = stream.result()
    except engine.Superseded:
        del st.session_state[_HELD]
        st.rerun()
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        _again()
        return {}
    for note in made.figures.get("notes", ()):
        st.warning(words.plain(note), icon=":material/trending_up:")
    picture, drawn = st.columns([3, 2], gap="medium")
    with picture:
        stopped = "stopped early" if made.stopped_early else ""
        steps = f"After {made.figures['steps']:,} steps"
        caption = " · ".join(part for part in (steps, stopped) if part)
        results.compare(held.inputs["content"][0], made.data, key="result", caption=caption)
        st.caption(_numbers(held.settings, made.figures))
    with drawn:
        _draw(made.figures["history"], made.figures["gradients"], made.figures["values"])
    with st.container(horizontal=True):
        _again()
        live.keep_button(made, key="painted")
        results.download(made.data, TASK, key="painted")
        use_again.menu(lambda: File.keep(made.data, "picture", "painted.png"), key="painted")
    results.recipe(TASK, held.settings, held.inputs, made.recipe)
    return made.figures


def _again() -> None:
    help = "Learns it once more, from its first step"
    st.button("Watch again", icon=":material/replay:", help=help, on_click=_forget)


def _forget() -> None:
    st.session_state.pop(_HELD, None)
