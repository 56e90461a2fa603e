"""Starts jobs; asks first if an identical job already waits or runs."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, NamedTuple

import streamlit as st

from pages.form import seeds
from pages.jobs import last_shown, navigation, refill
from pages.widgets import page_errors
from pages.widgets.owners import get_owner
from studio import engine
from studio.core.errors import StudioError
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.tasks import Inputs

OnStart = Callable[[engine.Job], None]
_QUESTION_KEY = "identical_job_question"


class _Question(NamedTuple):
    """Whether to start a job that is identical to one that waits or runs."""

    title: str
    show_choice: Callable[[], None]
    address: str = ""  # of the page that asked


def open_job(job: engine.Job) -> None:
    """Names a job in the address, so that the page, a reload and a link show it."""
    st.query_params[navigation.JOB_PARAMETER] = st.session_state[refill.OPENED_KEY] = job.id
    st.session_state[last_shown.session_key(job.task)] = job.id


def open_job_now(job: engine.Job) -> None:
    """Names a job in the address and reruns the page, which shows it."""
    open_job(job)
    st.rerun()


def start(
    task: str,
    settings: Settings,
    inputs: Inputs,
    recipe: Recipe | None = None,
    on_start: OnStart = open_job_now,
) -> None:
    """Submits a job, or shows an error. Asks first if an identical job already waits or runs.

    Call it from the page, not from a callback.

    Args:
        task: of the job.
        settings: of the job.
        inputs: of the job.
        recipe: of a result that is made again with the same weights.
        on_start: called with the started job, or with the identical one if the user prefers it.
    """
    weights = recipe.weights if recipe else None
    submit = partial(engine.connect().submit, task, settings, inputs, get_owner(), weights)
    has_drawn_seed = _has_drawn_seed(settings)
    with suppress(StudioError):  # submitting the job shows the error
        existing = engine.connect().find_identical(
            task, settings, inputs, get_owner(), weights, ignore_seed=has_drawn_seed
        )
        if existing:
            return _show_dialog(existing, submit, on_start, has_drawn_seed)
    _submit(submit, on_start)


def start_all(
    task: str, jobs: Sequence[tuple[Settings, Inputs]], batch_prefix: str = "", ignore_seed: bool = False
) -> None:
    """Submits several jobs as one batch, all or none, and shows the first; see `start`.

    Args:
        task: of the jobs.
        jobs: settings and inputs of each.
        batch_prefix: begins the name of the batch.
        ignore_seed: whether jobs that differ only in their seed are identical.
    """

    def submit() -> engine.Job:
        batch = batch_prefix + secrets.token_hex(8)
        return engine.connect().submit_all(task, jobs, batch, get_owner())[0]

    with suppress(StudioError):
        existing = None
        for settings, inputs in jobs:
            has_drawn_seed = ignore_seed or _has_drawn_seed(settings)
            identical = engine.connect().find_identical(
                task, settings, inputs, get_owner(), ignore_seed=has_drawn_seed
            )
            existing = identical and (existing or identical)
            if existing is None:
                break
        if existing:
            return _show_dialog(existing, submit, open_job_now, has_drawn_seed)
    _submit(submit, open_job_now)


def _has_drawn_seed(settings: Settings) -> bool:
    """Returns whether the seed of a run was drawn for it."""
    return seeds.is_drawn(_find_seed(settings.model_dump()))


def _find_seed(values: Mapping[str, Any]) -> int | None:
    """Returns the seed in the settings of a run, or in those of the frames of a video; None without one."""
    return values.get(seeds.FIELD, values.get("base", {}).get(seeds.FIELD))


def _show_dialog(
    identical_job: engine.Job, submit: Callable[[], engine.Job], on_start: OnStart, has_drawn_seed: bool
) -> None:
    title = "This is already running" if identical_job.state == "running" else "This is already in the queue"
    choice = partial(_show_choice, identical_job, submit, on_start, has_drawn_seed)
    st.session_state[_QUESTION_KEY] = question = _Question(title, choice)
    _draw(question)


@contextmanager
def keep_question(address: str) -> Iterator[None]:
    """Draws the question about an identical job again after the page in the `with` block, until an answer.

    Without it, a run of the page that has another reason, such as the end of a job, would close the dialog.

    Args:
        address: of the page; the question of another page is dropped.
    """
    earlier_question = st.session_state.get(_QUESTION_KEY)
    yield
    question = st.session_state.get(_QUESTION_KEY)
    if question is None:
        return
    is_new = question is not earlier_question
    if is_new:  # the page has drawn it
        st.session_state[_QUESTION_KEY] = question._replace(address=address)
    elif question.address == address:
        _draw(question)
    else:
        _drop_question()


def _draw(question: _Question) -> None:
    draw_dialog = st.dialog(question.title, icon=":material/content_copy:", on_dismiss=_drop_question)
    draw_dialog(question.show_choice)()


def _drop_question() -> None:
    """Forgets the question, once it is answered or dismissed. Also a callback."""
    st.session_state.pop(_QUESTION_KEY, None)


def _show_choice(
    identical_job: engine.Job, submit: Callable[[], engine.Job], on_start: OnStart, has_drawn_seed: bool
) -> None:
    result = "Only the seed would differ." if has_drawn_seed else "The result would be the same."
    st.markdown(f"Start the job again? {result}")
    with st.container(horizontal=True):
        if st.button(
            "Show it",
            type="primary",
            key="identical_show",
            on_click=_restore_seed if has_drawn_seed else None,
            args=(identical_job,),
        ):
            _drop_question()
            on_start(identical_job)
        if st.button("Start it again", key="identical_start"):
            _drop_question()
            _submit(submit, on_start)


def _restore_seed(job: engine.Job) -> None:
    """Sets the seed of the form to that of the job that it shows again. A callback."""
    st.session_state[seeds.FIELD] = _find_seed(job.settings)


def _submit(submit: Callable[[], engine.Job], on_start: OnStart) -> None:
    try:
        job = submit()
    except StudioError as error:
        page_errors.show_error(error)
        return
    on_start(job)
