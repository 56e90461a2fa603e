"""Training that the user watches live: it survives reruns of the page and restarts when settings change."""

from __future__ import annotations

import time
from dataclasses import dataclass

import streamlit as st

from pages.jobs import live
from pages.widgets import keys, page_errors, words
from pages.widgets.owners import get_owner
from studio import engine
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.core.tasks import Inputs

_FIRST_IMAGE_SECONDS = 0.2  # the page waits so long for the first image
_UNWATCHED_SECONDS = 20.0  # then training stops; a busy server needs less to rerun a page


@dataclass
class SessionStream:
    """A training stream of this tab.

    Attributes:
        settings, inputs: of the task.
        stream: None after an error.
        problem: the error; "" if there is none.
    """

    settings: Settings
    inputs: Inputs
    stream: engine.Stream | None
    problem: str = ""


def open_stream(
    task: str, settings: Settings, inputs: Inputs, *, stream_key: str, group: str = ""
) -> SessionStream:
    """Returns the stream of these settings and inputs, started now unless it exists; shows its error.

    Args:
        task: to train.
        settings: of the task.
        inputs: of the task.
        stream_key: of the stream in the session.
        group: name for streams that run at the same time; a new stream stops others of the same group.
    """
    session_stream: SessionStream | None = st.session_state.get(stream_key)
    if session_stream is None or (session_stream.settings, session_stream.inputs) != (settings, inputs):
        session_stream = st.session_state[stream_key] = start(task, settings, inputs, group)
        if stream := session_stream.stream:
            stream.unwatched_seconds = _UNWATCHED_SECONDS
            end = time.monotonic() + _FIRST_IMAGE_SECONDS
            while stream.preview is None and not stream.finished and time.monotonic() < end:
                time.sleep(0.01)
    if session_stream.stream is None:
        st.error(words.escape(session_stream.problem), icon=":material/error:")
    return session_stream


def start(task: str, settings: Settings, inputs: Inputs, group: str = "") -> SessionStream:
    """Starts a stream that also runs while nobody watches it; see `open_stream`."""
    try:
        stream = engine.connect().start_stream(
            task, settings, inputs, live.get_session_name() + group, get_owner()
        )
    except StudioError as error:
        return SessionStream(settings, inputs, None, str(error))
    return SessionStream(settings, inputs, stream)


def get_result(stream_key: str) -> engine.Live | None:
    """Returns the result of a finished stream; None after showing an error."""
    session_stream: SessionStream = st.session_state[stream_key]
    assert session_stream.stream is not None
    try:
        return session_stream.stream.result()
    except engine.Superseded:
        drop(stream_key)
        st.rerun()
    except StudioError as error:
        page_errors.show_error(error)
        return None


def show_progress(stream: engine.Stream, steps: int, *, key: str, label: str = "Step {:,} of {:,}") -> None:
    """Shows the progress of a stream and the button that stops it.

    Args:
        stream: that runs.
        steps: total, until the first report.
        key: of the button.
        label: with places for the step and the total.
    """
    report = stream.report
    stage = report.stage if report else "Waiting in the queue"
    step, total = (report.step, report.total) if report and report.total else (0, steps)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(step / total, 1.0), stage or label.format(step, total))
        st.button(
            "Stop",
            key=keys.part(key, "stop"),
            icon=":material/stop_circle:",
            help="Stops and keeps the result so far",
            disabled=stream.stopping,
            on_click=stream.stop,
        )


def show_again_button(help: str, *stream_keys: str) -> None:
    """Draws the button that restarts the streams of these session keys."""
    st.button("Watch again", icon=":material/replay:", help=help, on_click=drop, args=stream_keys)


def drop(*stream_keys: str) -> None:
    """Drops streams, so that they restart. Call it from a callback."""
    for stream_key in stream_keys:
        st.session_state.pop(stream_key, None)
