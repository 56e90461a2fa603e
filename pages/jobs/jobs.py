"""Shows a job on its page: progress while it runs, then its result and the actions for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.jobs import (
    batches,
    captions,
    last_shown,
    navigation,
    polling,
    progress_texts,
    queue_controls,
    refill,
    results,
    seed_variants,
    use_again,
)
from pages.jobs.starting import open_job, start, start_all
from pages.widgets import browser_history, browser_images, css, curves, keys, words
from pages.widgets.owners import get_owner
from studio import engine
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.core.tasks import File
from studio.gallery import index

CURVE_SECONDS = 2.0


def close(task: str) -> None:
    """Stops showing the page's job; a running job continues."""
    st.query_params.pop(navigation.JOB_PARAMETER, None)
    st.session_state.pop(last_shown.session_key(task), None)


def show_close_button(task: str) -> None:
    """Draws the button that stops showing the page's job."""
    if st.button(
        "Close",
        icon=":material/close:",
        type="tertiary",
        help="Hides this result; you find it again in Recent results",
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
    job = find_job((task, *(other_tasks or {})), request)
    if job is None:
        return None
    if refill.is_draft(job):
        seed_variants.show(job, on_choose=partial(_keep_shown, job.id))
        show_close_button(job.task)
        return job
    if job.finished:
        _show_finished(job, (other_tasks or {}).get(job.task))
    else:
        watch(job, _show_unfinished)
        with create_details():
            watch_history(job.id, _show_details)
    batches.show(job)
    return job


def find_job(task_names: Collection[str], request: object = None) -> engine.Job | None:
    """Returns the job to show if its task is one of `task_names`; `show_job` also draws it."""
    job_id = st.query_params.get(navigation.JOB_PARAMETER)
    if not job_id and (browser_history.is_back_or_forward() or not navigation.came_from_elsewhere()):
        for task in task_names:
            close(task)  # the user went back to the page without a job
        return None
    job_id = job_id or last_shown.find_newest(task_names)
    if not job_id:
        return None
    try:
        job = engine.connect().find_job(job_id, get_owner())
    except StudioError as error:
        for task in task_names:
            close(task)
        st.warning(words.escape(str(error)), icon=":material/search_off:")
        return None
    if job.task not in task_names:
        navigation.show_link_to_other_page(job)
        return None
    if tasks.parse_saved_settings(job.task, job.settings) is None:
        close(job.task)
        message = "This result was made by another version of the studio, so it cannot be shown here."
        st.warning(f"{message} Open it in the gallery.", icon=":material/search_off:")
        return None
    # A job that was just opened need not match the form, which cannot always be refilled: remember the form
    # as it is now, and close the job only when that changes.
    is_new = (
        navigation.came_from_elsewhere() or st.session_state.get(last_shown.session_key(job.task)) != job_id
    )
    if is_new or not job.finished:
        st.session_state[_request_key(job_id)] = request
    elif st.session_state.setdefault(_request_key(job_id), request) != request:
        close(job.task)
        return None
    open_job(job)
    return job


def show_training_data(job: engine.Job, current_files: Sequence[File]) -> None:
    """Shows what a job is trained on, and warns if the form has other files selected.

    Args:
        job: the training job.
        current_files: training files selected in the form, of one slot; may be empty.
    """
    st.subheader(words.escape(": ".join(filter(None, (job.title, words.describe_inputs(job))))), anchor=False)
    kind = current_files[0].kind if current_files else ""
    job_files = next((files for files in job.inputs.values() if files and files[0].kind == kind), ())
    if job_files and {file.digest for file in job_files} != {file.digest for file in current_files}:
        names_of_job, names_of_form = (
            words.escape(", ".join(file.name for file in files)) for files in (job_files, current_files)
        )
        verb = "is" if len(current_files) == 1 else "are"
        st.info(
            f"This job uses {names_of_job}, not {names_of_form}, which {verb} chosen now.",
            icon=":material/info:",
        )


def find_linked_job(capability: str) -> engine.Job | None:
    """Returns the job that the address names, if it is of this capability; only once per job."""
    job_id, key = st.query_params.get(navigation.JOB_PARAMETER), keys.part(capability, "followed")
    if not job_id or st.session_state.get(key) == job_id:
        return None
    st.session_state[key] = job_id
    try:
        job = engine.connect().find_job(job_id, get_owner())
    except StudioError:
        return None  # `find_job` shows the error
    return job if job.task.startswith(f"{capability}.") else None


def _request_key(job_id: str) -> str:
    return f"job_request:{job_id}"


def watch(job: engine.Job, show: Callable[[engine.Job], object]) -> None:
    """Shows a running job with `show`, again and again; the page runs again when the job has finished."""
    interval = polling.update_interval(job)
    st.fragment(_watch, run_every=interval)(job.id, interval, show)


def _watch(job_id: str, interval: float, show: Callable[[engine.Job], object]) -> None:
    job = engine.connect().find_job(job_id, get_owner())
    if job.finished or polling.update_interval(job) != interval:
        st.rerun()  # only a new run of the page can change the interval
    show(job)


@st.fragment(run_every=CURVE_SECONDS)
def watch_history(job_id: str, draw: Callable[[engine.Job], object]) -> None:
    """Draws the curves of a running job, less often than its progress."""
    draw(engine.connect().find_job(job_id, get_owner()))


def _show_unfinished(job: engine.Job) -> None:
    content = job.inputs.get("content", [])
    with show_running(job, f"{job.title}, as it is so far"):
        if not job.preview and content:
            browser_images.show_content(content[0])


@contextmanager
def show_running(job: engine.Job, caption: str) -> Iterator[None]:
    """Shows the progress, buttons and preview of a running job; widgets drawn in the `with` block follow.

    Args:
        job: that runs.
        caption: of the preview.
    """
    with css.create_progress_area():
        show_progress(job)
        if job.preview:
            browser_images.show_with_caption(job.preview, width="stretch", caption=caption)
        yield


def show_progress(job: engine.Job) -> None:
    """Shows the progress of a job and the buttons that end it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(*progress_texts.describe_progress(job))
        if job.state in ("stopping", "canceling"):
            st.caption(words.STATES[job.state])
        elif job.state != "queued":  # a waiting job has no result to keep: it can only be canceled
            st.button(
                "Stop",
                key=f"stop_{job.id}",
                icon=":material/stop_circle:",
                help="Stops the job and keeps the best result so far",
                on_click=queue_controls.stop,
                args=(job.id,),
            )
        if job.state != "canceling":
            st.button(
                "Cancel",
                key=f"cancel_{job.id}",
                icon=":material/cancel:",
                type="tertiary",
                help="Ends the job and keeps nothing",
                on_click=queue_controls.cancel,
                args=(job.id,),
            )


def create_details() -> DeltaGenerator:
    """Creates the folded container of the losses and metrics of a running job."""
    return st.expander("Details", icon=":material/monitoring:", key="job_details")


def _show_details(job: engine.Job) -> None:
    metrics = job.report.metrics if job.report else {}
    main_metrics = [f"{name} {value:.3g}" for name, value in metrics.items() if "_" not in name]
    st.caption(" · ".join(main_metrics[:5]) or "The losses appear here once the first steps are done.")
    curves.show_losses(job.history, caption=tasks.get(job.task).curve_note)


def _show_finished(job: engine.Job, show_buttons: Callable[[engine.Job], None] | None = None) -> None:
    settings = tasks.get(job.task).settings.parse(job.settings)
    if job.result is None:
        show_failure(job, settings)
        return
    file = job.result.files[0]
    content = job.inputs.get("content", [])
    seconds = job.ended - job.started if job.started and job.ended else 0.0
    caption = captions.describe_run(job, job.result, seconds)
    name = tasks.get(job.task).comparison_label
    results.show_result(file, content[0] if content else None, key="result", caption=caption, name=name)
    if file.kind == "animation":
        results.show_notes(job.result.figures.get("notes", ()))
    with st.container(horizontal=True):
        if show_buttons is not None:
            show_buttons(job)
        if refill.can_refill(job, settings):
            help = "Loads the settings and images of this result into the form"
            st.button(
                "Change", icon=":material/tune:", help=help, on_click=_refill_form, args=(job, settings)
            )
        results.show_file_download(file, job.task, key=job.id, recipe=job.result.recipe)
        if st.button("Make again", icon=":material/refresh:"):
            start(job.task, settings, job.inputs, job.result.recipe)
        results.show_variants(
            settings,
            lambda variant: start(job.task, variant, job.inputs),
            key=job.id,
            start_all=lambda variants: start_all(job.task, [(variant, job.inputs) for variant in variants]),
        )
        if file.kind == "image":
            use_again.show_menu(lambda: file, key=job.id)
        show_close_button(job.task)
    results.show_recipe(job.task, settings, job.inputs, job.result.recipe)


def show_model_actions(
    job: engine.Job, settings: Settings, show_first: Callable[[], object] | None = None
) -> None:
    """Draws the row of actions for the result of a training run or a search.

    Args:
        job: with a result.
        settings: of the job.
        show_first: draws buttons in place of *Make again*.
    """
    result = results.result_of(job)
    with st.container(horizontal=True, vertical_alignment="center"):
        if show_first is not None:
            show_first()
        elif st.button(
            "Make again", icon=":material/refresh:", help="Train again with the same data, settings and seed"
        ):
            start(job.task, settings, job.inputs, result.recipe)
        results.show_file_download(result.files[0], job.task, key=job.id, recipe=result.recipe)
        if result.files[0].kind == "model" and (previous_id := _find_previous_run(job)):
            navigation.show_comparison_link(job.id, previous_id, "Compare with the previous run")
        show_close_button(job.task)


def _find_previous_run(job: engine.Job) -> str:
    """Returns the id of the latest earlier run of the same task in the gallery; "" if there is none."""
    entries, _ = index.find(index.Filter(task=job.task), get_owner())
    ids = [entry.id for entry in entries]
    return next(iter(ids[ids.index(job.id) + 1 :]), "") if job.id in ids else ""


def _refill_form(job: engine.Job, settings: Settings) -> None:
    refill.refill(job, settings)
    _keep_shown(job.id)


def _keep_shown(job_id: str) -> None:
    """Keeps showing a job although the form changes now. Call it from a callback."""
    st.session_state.pop(_request_key(job_id), None)


def show_failure(job: engine.Job, settings: Settings, label: str = "Run again", message: str = "") -> None:
    """Shows why a job has no result, and offers to run it again.

    Args:
        job: without a result.
        settings: of the job.
        label: of the button.
        message: replaces the job's own error.
    """
    show_error = st.warning if job.state in ("interrupted", "cancelled") else st.error
    show_error(words.escape(message or job.error or words.STATES[job.state]), icon=":material/error:")
    with st.container(horizontal=True):
        if st.button(label, icon=":material/refresh:", type="primary"):
            start(job.task, settings, job.inputs)
        if st.button("Close", type="tertiary"):
            close(job.task)
            st.rerun()
