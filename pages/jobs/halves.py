"""The halves of a page that both makes and trains: a row of choices at its top, which its address keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from pages.form import forms
from pages.jobs import jobs, navigation
from pages.widgets import browser_history
from studio import engine


def choose(
    capability: str,
    titles: Mapping[str, str],
    *,
    key: str,
    of: Callable[[engine.Job], str],
    default: str = "",
    turned: Callable[[str], None] = lambda half: None,
) -> str:
    """Lets a user choose between the halves; gives the name of the one that is open.

    A link to a job opens the half that shows it; after a reload it is the one that was open.

    Args:
        capability: whose jobs the page shows.
        titles: what a user reads, by name.
        key: of the choice, also in the address.
        of: the half that shows a job.
        default: the name of the half that is open at first; the first one if not said.
        turned: called with the name of a half that was opened from another one, before that is drawn.
    """
    note = f"half_of_{capability}"  # of the address: which half was open while it named which job
    if job := jobs.linked_job(capability):
        shown, _, named = st.query_params.get(note, "").partition(":")
        again = key not in st.session_state and named == job.id and shown in titles
        st.session_state[key] = shown if again else of(job)
    half = st.session_state.get(key)
    before = st.session_state.get(note)
    turns = half in titles and before in titles and before != half
    if (
        half is not None
        and turns
        and not navigation.came_from_elsewhere()
        and not browser_history.is_back_or_forward()
    ):
        st.session_state[note] = half
        st.session_state[key] = half  # so that an address which is told again has it, too
        turned(half)
    way = forms.one_of("What to do", titles, key=key, default=default, hidden=True)
    st.session_state[note] = way
    if name := st.query_params.get(jobs.PARAMETER):
        st.query_params[note] = f"{way}:{name}"  # for the usual half is not in the address by itself
    else:
        st.query_params.pop(note, None)
    return way
