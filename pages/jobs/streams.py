"""What learns while one watches: its tab holds it over reruns, and it begins again for another wish."""

from __future__ import annotations

import time
from dataclasses import dataclass

import streamlit as st

from pages.jobs import live
from pages.widgets import keys, words
from pages.widgets.owners import owner
from studio import engine
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.core.tasks import Inputs

_AT_FIRST = 0.2  # s that the page waits for the first image before it shows what it has instead
_UNWATCHED = 20.0  # s, more than a busy server needs to draw a page; others wait for their turn


@dataclass
class Held:
    """What this tab watches, or watched last.

    Attributes:
        settings, inputs: what was asked.
        stream: None after a problem.
        problem: why there is none, as a sentence.
    """

    settings: Settings
    inputs: Inputs
    stream: engine.Stream | None
    problem: str = ""


def hold(task: str, settings: Settings, inputs: Inputs, *, shelf: str, beside: str = "") -> Held:
    """The learning of just this, which begins now unless it has before. Draws its problem, if it has one.

    Args:
        shelf: where this session keeps it.
        beside: sets apart what learns at the same time: of one name, the newest stops the others.
    """
    held: Held | None = st.session_state.get(shelf)
    if held is None or (held.settings, held.inputs) != (settings, inputs):
        held = st.session_state[shelf] = _begin(task, settings, inputs, beside)
    if held.stream is None:
        st.error(words.plain(held.problem), icon=":material/error:")
    return held


def _begin(task: str, settings: Settings, inputs: Inputs, beside: str) -> Held:
    try:
        stream = engine.connect().stream(task, settings, inputs, live.session() + beside, owner())
    except StudioError as error:
        return Held(settings, inputs, None, str(error))
    stream.unwatched = _UNWATCHED
    end = time.monotonic() + _AT_FIRST
    while stream.preview is None and not stream.finished and time.monotonic() < end:
        time.sleep(0.01)
    return Held(settings, inputs, stream)


def result(shelf: str) -> engine.Live | None:
    """What came of a learning that has finished; None after saying what went wrong."""
    held: Held = st.session_state[shelf]
    assert held.stream is not None
    try:
        return held.stream.result()
    except engine.Superseded:
        forget(shelf)
        st.rerun()
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None


def bar(stream: engine.Stream, steps: int, *, key: str) -> None:
    """How far it is, and the button that stops it.

    Args:
        steps: of which there are reports to come.
        key: tells its button from others.
    """
    report = stream.report
    stage = report.stage if report else "Waiting in the queue"
    done, total = (report.step, report.total) if report and report.total else (0, steps)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(done / total, 1.0), stage or f"Step {done:,} of {total:,}")
        st.button(
            "Stop",
            key=keys.part(key, "stop"),
            icon=":material/stop_circle:",
            help="Stops training and keeps the weights so far",
            disabled=stream.stopping,
            on_click=stream.stop,
        )


def again_button(help: str, *shelves: str) -> None:
    """The button that learns it once more, or all of several."""
    st.button("Watch again", icon=":material/replay:", help=help, on_click=forget, args=shelves)


def forget(*shelves: str) -> None:
    """Lets what is learned begin again. Call it from a callback."""
    for shelf in shelves:
        st.session_state.pop(shelf, None)
