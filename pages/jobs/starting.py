"""Submitting jobs: a job that is there already is started once more only if the user says so."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress

import streamlit as st

from pages.widgets import words
from pages.widgets.owners import owner
from studio import engine
from studio.core.errors import StudioError
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.tasks import Inputs

Then = Callable[[engine.Job], None]


def submit(task: str, settings: Settings, inputs: Inputs, made: Recipe | None, then: Then) -> None:
    """Submits a job, or says why it cannot start. Asks first if the same job already waits or runs.

    Call it from the page, not from a callback.

    Args:
        made: the recipe of the result that is made again, with the very same weights.
        then: called with the job that was started, or with the one that was there and is to be shown.
    """
    weights = made.weights if made else None

    def start() -> engine.Job:
        return engine.connect().submit(task, settings, inputs, owner(), weights)

    _ask_first(_identical(task, settings, inputs, made), start, then)


def submit_all(task: str, several: Sequence[tuple[Settings, Inputs]], then: Then) -> None:
    """As `submit`, for jobs that become one batch, all or none; `then` is called with the first."""

    def start() -> engine.Job:
        return engine.connect().submit_all(task, several, secrets.token_hex(8), owner())[0]

    first = None
    for settings, inputs in several:
        there = _identical(task, settings, inputs, None)
        if there is None:
            first = None
            break
        first = first or there
    _ask_first(first, start, then)


def _identical(task: str, settings: Settings, inputs: Inputs, made: Recipe | None) -> engine.Job | None:
    with suppress(StudioError):  # said when the job is submitted
        return engine.connect().find_identical(
            task, settings, inputs, owner(), made.weights if made else None
        )
    return None


def _ask_first(there: engine.Job | None, start: Callable[[], engine.Job], then: Then) -> None:
    if there is None:
        _go(start, then)
        return
    title = "This is already running" if there.state == "running" else "This is already in the queue"
    st.dialog(title, icon=":material/content_copy:")(_ask)(there, start, then)


def _ask(there: engine.Job, start: Callable[[], engine.Job], then: Then) -> None:
    st.markdown("Start it again? The result would be the same.")
    with st.container(horizontal=True):
        if st.button("Show it", type="primary", key="identical_show"):
            then(there)
        if st.button("Start it again", key="identical_start"):
            _go(start, then)


def _go(start: Callable[[], engine.Job], then: Then) -> None:
    try:
        job = start()
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    then(job)
