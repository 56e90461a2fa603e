"""Submitting jobs: a job that is there already is started once more only if the user says so."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import streamlit as st

from pages.jobs import last_shown, refill
from pages.widgets import words
from pages.widgets.owners import owner
from studio import engine
from studio.core.errors import StudioError
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.tasks import Inputs

Then = Callable[[engine.Job], None]


def show(job: engine.Job) -> None:
    """Puts a job into the address, so that a reload and a link find it."""
    st.query_params[refill.PARAMETER] = st.session_state[refill.OPENED] = job.id
    st.session_state[last_shown.key(job.task)] = job.id


def show_now(job: engine.Job) -> None:
    """Shows a job in place of what the page shows. Draws the page again."""
    show(job)
    st.rerun()


def start(
    task: str, settings: Settings, inputs: Inputs, made: Recipe | None = None, then: Then = show_now
) -> None:
    """Submits a job, or says why it cannot start. Asks first if the same job already waits or runs.

    Call it from the page, not from a callback.

    Args:
        made: the recipe of the result that is made again, with the very same weights.
        then: called with the job that was started, or with the one that was there and is to be shown.
    """
    weights = made.weights if made else None
    submit = partial(engine.connect().submit, task, settings, inputs, owner(), weights)
    with suppress(StudioError):  # said when the job is submitted
        if there := engine.connect().find_identical(task, settings, inputs, owner(), weights):
            return _ask_first(there, submit, then)
    _submit(submit, then)


def start_all(task: str, several: Sequence[tuple[Settings, Inputs]]) -> None:
    """As `start`, for jobs that become one batch, all or none; the first is shown."""

    def submit() -> engine.Job:
        return engine.connect().submit_all(task, several, secrets.token_hex(8), owner())[0]

    with suppress(StudioError):
        there = None
        for settings, inputs in several:
            found = engine.connect().find_identical(task, settings, inputs, owner())
            there = found and (there or found)
            if there is None:
                break
        if there:
            return _ask_first(there, submit, show_now)
    _submit(submit, show_now)


def _ask_first(there: engine.Job, submit: Callable[[], engine.Job], then: Then) -> None:
    title = "This is already running" if there.state == "running" else "This is already in the queue"
    st.dialog(title, icon=":material/content_copy:")(_ask)(there, submit, then)


def _ask(there: engine.Job, submit: Callable[[], engine.Job], then: Then) -> None:
    st.markdown("Start the job again? The result would be the same.")
    with st.container(horizontal=True):
        if st.button("Show it", type="primary", key="identical_show"):
            then(there)
        if st.button("Start it again", key="identical_start"):
            _submit(submit, then)


def _submit(submit: Callable[[], engine.Job], then: Then) -> None:
    try:
        job = submit()
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    then(job)
