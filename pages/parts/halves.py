"""The two halves of the page that teaches: teaching, and trying what was taught before."""

from __future__ import annotations

import streamlit as st

from pages.parts import classifiers, forms, jobs
from pages.parts.owners import owner
from studio import engine
from studio.core.errors import StudioError

HALVES = {"teach": "Teach", "try": "Try"}
_FOLLOWED = "classify_followed"


def choose() -> str:
    """Lets a person choose between the halves; a link to a job opens the one that shows it."""
    _follow()
    return forms.one_of("What to do", HALVES, key=classifiers.WAY, hidden=True)


def _follow() -> None:
    name = st.query_params.get(jobs.PARAMETER)
    if not name or st.session_state.get(_FOLLOWED) == name:
        return
    st.session_state[_FOLLOWED] = name
    try:
        job = engine.connect().job(name, owner())
    except StudioError:
        return  # which is told where it would be shown
    if job.task.startswith("classify."):
        st.session_state[classifiers.WAY] = "teach"
