"""Small jobs that a part of a page starts and shows in place, next to the page's own job."""

from __future__ import annotations

import streamlit as st

from pages.jobs import jobs
from pages.widgets import page_errors, words
from pages.widgets.owners import get_owner
from studio import engine
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.core.tasks import Inputs
from studio.engine.jobs.records import Request

MAX_SEARCHED = 50  # newest jobs that are searched


def show_inline_job(
    task: str, settings: Settings, inputs: Inputs, label: str, icon: str, help: str = ""
) -> engine.Job | None:
    """Draws a button that starts a job, then its progress. Returns the job once it has a result.

    Args:
        task: of the job.
        settings: of the job.
        inputs: of the job.
        label, icon, help: of the button.
    """
    key = f"inline_job:{task}:{settings.model_dump_json()}:{inputs}"
    job = _find_job_of_session(key) or _find_identical_job(task, settings, inputs)
    if job is None or (job.finished and job.result is None):
        if job is not None:
            st.error(words.escape(job.error or words.STATES[job.state]), icon=":material/error:")
        if st.button(label, icon=icon, help=help or None, key=f"{key}:start"):
            _start_job(key, task, settings, inputs)
        return None
    if not job.finished:
        jobs.watch(job, jobs.show_progress)
        return None
    return job


def _find_job_of_session(key: str) -> engine.Job | None:
    job_id = st.session_state.get(key)
    if not job_id:
        return None
    try:
        return engine.connect().find_job(job_id, get_owner())
    except StudioError:  # deleted meanwhile
        return None


def _find_identical_job(task: str, settings: Settings, inputs: Inputs) -> engine.Job | None:
    """Returns an identical job, started before a reload. Excludes presets: one may have been replaced."""
    if not any(inputs.values()) or settings.model_dump().get("preset"):
        return None
    request = Request.of(tasks.get(task), settings, inputs, get_owner())
    jobs_of_owner = engine.connect().list_jobs(get_owner(), MAX_SEARCHED)
    matches = (
        job for job in jobs_of_owner if job.has_same_result(request) and (job.result or not job.finished)
    )
    return next(matches, None)


def _start_job(key: str, task: str, settings: Settings, inputs: Inputs) -> None:
    try:
        job = engine.connect().submit(task, settings, inputs, get_owner())
    except StudioError as error:
        page_errors.show_error(error)
        return
    st.session_state[key] = job.id
    st.rerun()
