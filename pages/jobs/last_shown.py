"""Which job a page shows again when the user comes back to it."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from pages.jobs import navigation
from pages.widgets.owners import owner
from studio import engine
from studio.core.errors import StudioError


def key(task: str) -> str:
    """Where the session notes the job that was shown last: the tasks of a capability share a page."""
    return f"shown:{task.partition('.')[0]}"


def newest(known: Collection[str]) -> str | None:
    """The newest job that was shown for some tasks of a page; None if there is none.

    Videos of all pages have one task, so those whose frames another page makes are left out.
    """
    names = {name for task in known if (name := st.session_state.get(key(task))) is not None}
    return max((name for name in names if not _is_of_another_page(name, known)), default=None)


def _is_of_another_page(name: str, known: Collection[str]) -> bool:
    try:
        job = engine.connect().job(name, owner())
    except StudioError:
        return False  # it was removed, and the page says so
    return navigation.repeated(job.task, job.settings) not in known
