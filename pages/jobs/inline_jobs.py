"""Small jobs that a part of a page asks for and waits for in its place, while the page shows another job."""

from __future__ import annotations

import streamlit as st

from pages.jobs import jobs
from pages.widgets import words
from pages.widgets.owners import owner
from studio import engine
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.core.tasks import Inputs
from studio.engine.jobs.parts import Request

MOST = 50  # jobs, the newest, that are looked through


def inline_job(
    task: str, settings: Settings, inputs: Inputs, label: str, icon: str, help: str = ""
) -> engine.Job | None:
    """A button that starts a job, then how far it is; gives the job once it has a result.

    Args:
        label, icon, help: of the button.
    """
    key = f"errand:{task}:{settings.model_dump_json()}:{inputs}"
    job = _found(key) or _again(task, settings, inputs)
    if job is None or (job.finished and job.result is None):
        if job is not None:
            st.error(words.plain(job.error or words.STATES[job.state]), icon=":material/error:")
        if st.button(label, icon=icon, help=help or None, key=f"{key}:start"):
            _start(key, task, settings, inputs)
        return None
    if not job.finished:
        _watch(job.id)
        return None
    return job


def _found(key: str) -> engine.Job | None:
    name = st.session_state.get(key)
    if not name:
        return None
    try:
        return engine.connect().job(name, owner())
    except StudioError:  # removed since
        return None


def _again(task: str, settings: Settings, inputs: Inputs) -> engine.Job | None:
    """The job from before a reload, if it depends on files alone: a name may mean another model by now."""
    if not any(inputs.values()) or getattr(settings, "preset", ""):
        return None
    request = Request.of(tasks.get(task), settings, inputs, owner())
    jobs_of_owner = engine.connect().jobs(owner(), MOST)
    same = (job for job in jobs_of_owner if job.makes_same(request) and (job.result or not job.finished))
    return next(same, None)


def _start(key: str, task: str, settings: Settings, inputs: Inputs) -> None:
    try:
        job = engine.connect().submit(task, settings, inputs, owner())
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    st.session_state[key] = job.id
    st.rerun()


@st.fragment(run_every=jobs.WATCH_SECONDS)
def _watch(name: str) -> None:
    job = engine.connect().job(name, owner())
    if job.finished:
        st.rerun()
    jobs.progress(job)
