"""The job that a page shows again when the user returns to it."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from pages.jobs import navigation
from pages.widgets.owners import get_owner
from studio import engine
from studio.core.errors import StudioError


def session_key(task: str) -> str:
    """Returns the session key of the last shown job; the tasks of a capability share it."""
    return f"shown:{task.partition('.')[0]}"


def find_newest(task_names: Collection[str]) -> str | None:
    """Returns the newest job shown for the tasks of a page; None if there is none.

    Videos of all pages have one task, so those whose frames another page makes are left out.
    """
    job_ids = {
        job_id for task in task_names if (job_id := st.session_state.get(session_key(task))) is not None
    }
    return max((job_id for job_id in job_ids if not _is_of_another_page(job_id, task_names)), default=None)


def _is_of_another_page(job_id: str, task_names: Collection[str]) -> bool:
    try:
        job = engine.connect().find_job(job_id, get_owner())
    except StudioError:
        return False  # it was deleted; the page shows the error
    return navigation.frame_task(job.task, job.settings) not in task_names
