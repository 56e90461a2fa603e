"""Shows a job on its page: progress while it runs, then its result and the actions for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import streamlit as st

from pages.jobs import (
    bar,
    batches,
    captions,
    last_shown,
    navigation,
    refill,
    results,
    speed,
    steering,
    use_again,
)
from pages.jobs.starting import show, start, start_all
from pages.widgets import browser_history, browser_images, css, curves, keys, words
from pages.widgets.owners import owner
from studio import engine
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.core.tasks import File

PARAMETER = refill.PARAMETER
WATCH_SECONDS = 0.5
CURVE_SECONDS = 2.0


def close(task: str) -> None:
    """Stops showing the page's job, which continues to run."""
    st.query_params.pop(PARAMETER, None)
    st.session_state.pop(last_shown.key(task), None)


def close_button(task: str) -> None:
    """Draws the button that stops showing the page's job."""
    if st.button(
        "Close", icon=":material/close:", type="tertiary", help="The result stays in Recent results"
    ):
        close(task)
        st.rerun()


def show_job(
    task: str,
    request: object = None,
    other_tasks: Mapping[str, Callable[[engine.Job], None] | None] | None = None,
) -> engine.Job | None:
    """Shows the job of the address, or the one this page showed before the user visited another page.

    A finished job disappears as soon as the user changes the form.

    Args:
        task: of the page.
        request: current values of the form, to detect changes.
        other_tasks: of this page, each with a function that draws extra buttons for its results, or None.

    Returns:
        The job, or None if there is none to show.
    """
    job = find((task, *(other_tasks or {})), request)
    if job is None:
        return None
    if job.finished:
        _show_finished(job, (other_tasks or {}).get(job.task))
    else:
        interval = speed.every(job)
        st.fragment(_watch, run_every=interval)(job.id, interval)
        _curve(job.id)
    batches.show(job, PARAMETER)
    return job


def find(task_names: Collection[str], request: object = None) -> engine.Job | None:
    """Returns the job to show if its task is one of `task_names`; `show_job` also draws it."""
    name = st.query_params.get(PARAMETER)
    if not name and (browser_history.is_back_or_forward() or not navigation.came_from_elsewhere()):
        for task in task_names:
            close(task)  # the user went back to the page without a job
        return None
    name = name or last_shown.newest(task_names)
    if not name:
        return None
    try:
        job = engine.connect().job(name, owner())
    except StudioError as error:
        for task in task_names:
            close(task)
        st.warning(words.plain(str(error)), icon=":material/search_off:")
        return None
    if job.task not in task_names:
        navigation.show_other_page(job)
        return None
    if tasks.settings_of(job.task, job.settings) is None:
        close(job.task)
        message = "This result was made by another version of the studio, so it cannot be shown here."
        st.warning(f"{message} Open it in the gallery.", icon=":material/search_off:")
        return None
    # A job that was just opened need not match the form, which cannot always be refilled: remember the form
    # as it is now, and close the job only when that changes.
    is_new = navigation.came_from_elsewhere() or st.session_state.get(last_shown.key(job.task)) != name
    if is_new or not job.finished:
        st.session_state[_request_key(name)] = request
    elif st.session_state.setdefault(_request_key(name), request) != request:
        close(job.task)
        return None
    show(job)
    return job


def show_training_data(job: engine.Job, current_files: Sequence[File]) -> None:
    """Shows what a job is trained on, and warns if the form has other files selected.

    Args:
        job: the training job.
        current_files: training files selected in the form, of one slot; may be empty.
    """
    st.subheader(words.plain(": ".join(filter(None, (job.title, words.made_of(job))))), anchor=False)
    kind = current_files[0].kind if current_files else ""
    job_files = next((files for files in job.inputs.values() if files and files[0].kind == kind), ())
    if job_files and {file.digest for file in job_files} != {file.digest for file in current_files}:
        names_of_job, names_of_form = (
            words.plain(", ".join(file.name for file in files)) for files in (job_files, current_files)
        )
        verb = "is" if len(current_files) == 1 else "are"
        st.info(
            f"This job uses {names_of_job}, not {names_of_form}, which {verb} chosen now.",
            icon=":material/info:",
        )


def linked_job(capability: str) -> engine.Job | None:
    """Returns the job that the address names, if it is of this capability; only once per job."""
    name, key = st.query_params.get(PARAMETER), keys.part(capability, "followed")
    if not name or st.session_state.get(key) == name:
        return None
    st.session_state[key] = name
    try:
        job = engine.connect().job(name, owner())
    except StudioError:
        return None  # `find` shows the error
    return job if job.task.startswith(f"{capability}.") else None


def _request_key(name: str) -> str:
    return f"asked:{name}"


def _watch(name: str, interval: float) -> None:
    job = engine.connect().job(name, owner())
    if job.finished or speed.every(job) != interval:
        st.rerun()  # only a new run of the page can change the interval
    content = job.inputs.get("content", [])
    with show_running(job, f"{job.title}, as it is so far"):
        if not job.preview and content:
            browser_images.content(content[0])
        report = job.report
        if report is not None and report.metrics:
            figures = [f"{name} {value:.3g}" for name, value in report.metrics.items() if "_" not in name]
            st.caption(" · ".join(figures[:5]))


@contextmanager
def show_running(job: engine.Job, caption: str) -> Iterator[None]:
    """Shows the progress, buttons and preview of a running job; widgets drawn in the `with` block follow.

    Args:
        job: that runs.
        caption: of the preview.
    """
    with css.working():
        progress(job)
        if job.preview:
            browser_images.captioned(job.preview, width="stretch", caption=caption)
        yield


def progress(job: engine.Job) -> None:
    """Shows the progress of a job and the buttons that end it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(*bar.progress_and_label(job))
        if job.state in ("stopping", "canceling"):
            st.caption(words.STATES[job.state])
        elif job.state != "queued":  # a waiting job has no result to keep: it can only be canceled
            stop_options: dict[str, Any] = {
                "icon": ":material/stop_circle:",
                "help": "Stops the job and keeps the best result so far",
            }
            st.button("Stop", key=f"stop_{job.id}", on_click=steering.stop, args=(job.id,), **stop_options)
        if job.state != "canceling":
            cancel_options: dict[str, Any] = {
                "icon": ":material/cancel:",
                "help": "Ends the job and keeps nothing",
                "type": "tertiary",
            }
            st.button(
                "Cancel", key=f"cancel_{job.id}", on_click=steering.cancel, args=(job.id,), **cancel_options
            )


@st.fragment(run_every=CURVE_SECONDS)
def _curve(name: str) -> None:
    job = engine.connect().job(name, owner())
    curves.losses(job.history)


def _show_finished(job: engine.Job, show_buttons: Callable[[engine.Job], None] | None = None) -> None:
    settings = tasks.get(job.task).settings.parse(job.settings)
    if job.result is None:
        show_failure(job, settings)
        return
    file = job.result.files[0]
    content = job.inputs.get("content", [])
    seconds = job.ended - job.started if job.started and job.ended else 0.0
    caption = captions.of_run(job, job.result, seconds)
    name = tasks.get(job.task).comparison_label
    results.show_result(file, content[0] if content else None, key="result", caption=caption, name=name)
    with st.container(horizontal=True):
        if show_buttons is not None:
            show_buttons(job)
        if refill.can_refill(job, settings):
            help = "Loads the settings and images of this result into the form"
            st.button("Change", icon=":material/tune:", help=help, on_click=_refill, args=(job, settings))
        results.download_file(file, job.task, key=job.id, recipe=job.result.recipe)
        if st.button("Make again", icon=":material/refresh:"):
            start(job.task, settings, job.inputs, job.result.recipe)
        results.vary(
            settings,
            lambda changed: start(job.task, changed, job.inputs),
            key=job.id,
            start_all=lambda several: start_all(job.task, [(variant, job.inputs) for variant in several]),
        )
        if file.kind == "image":
            use_again.menu(lambda: file, key=job.id)
        close_button(job.task)
    results.show_recipe(job.task, settings, job.inputs, job.result.recipe)


def _refill(job: engine.Job, settings: Settings) -> None:
    refill.refill(job, settings)
    st.session_state.pop(_request_key(job.id), None)  # the refilled form is not a new request


def show_failure(job: engine.Job, settings: Settings, label: str = "Run again", message: str = "") -> None:
    """Shows why a job has no result, and offers to run it again.

    Args:
        job: without a result.
        settings: of the job.
        label: of the button.
        message: replaces the job's own error.
    """
    show_error = st.warning if job.state in ("interrupted", "cancelled") else st.error
    show_error(words.plain(message or job.error or words.STATES[job.state]), icon=":material/error:")
    with st.container(horizontal=True):
        if st.button(label, icon=":material/refresh:", type="primary"):
            start(job.task, settings, job.inputs)
        if st.button("Close", type="tertiary"):
            close(job.task)
            st.rerun()
