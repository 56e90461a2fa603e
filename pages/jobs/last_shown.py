"""The job that a page shows again when the user comes back to it."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from pages.jobs import navigation
from pages.widgets.owners import owner
from studio import engine
from studio.core.errors import StudioError


def key(task: str) -> str:
    """Returns the session key of the last shown job; the tasks of a capability share it."""
    return f"shown:{task.partition('.')[0]}"


def newest(task_names: Collection[str]) -> str | None:
    """Returns the newest job shown for the tasks of a page; None if there is none.

    Videos of all pages have one task, so those whose frames another page makes are left out.
    """
    names = {name for task in task_names if (name := st.session_state.get(key(task))) is not None}
    return max((name for name in names if not _is_of_another_page(name, task_names)), default=None)


def _is_of_another_page(name: str, task_names: Collection[str]) -> bool:
    try:
        job = engine.connect().job(name, owner())
    except StudioError:
        return False  # it was deleted; the page shows the error
    return navigation.frame_task(job.task, job.settings) not in task_names
