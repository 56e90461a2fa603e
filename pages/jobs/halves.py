"""The choice between the halves of a page, e.g. generating and training, kept in the address."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from pages.form import forms
from pages.jobs import jobs, navigation
from pages.widgets import browser_history
from studio import engine
from studio.core.settings import Settings


def choose(
    capability: str,
    titles: Mapping[str, str],
    *,
    key: str,
    half_of: Callable[[engine.Job], str],
    default: str = "",
    on_change: Callable[[str], None] = lambda _: None,
) -> str:
    """Lets the user choose a half. Returns its name.

    A link to a job opens the half that shows it; a reload keeps the open half.

    Args:
        capability: of the jobs that the page shows.
        titles: of the halves, by name.
        key: of the widget and in the address.
        half_of: returns the half that shows a job.
        default: name of the half that is open at first; "" for the first.
        on_change: called with the name of the half that the user switched to, before it is drawn.
    """
    note_key = f"half_of_{capability}"  # URL parameter: the open half and the job it showed
    if job := jobs.find_linked_job(capability):
        half_of_job, _, job_id = st.query_params.get(note_key, "").partition(":")
        is_reload = key not in st.session_state and job_id == job.id and half_of_job in titles
        st.session_state[key] = half_of_job if is_reload else half_of(job)
    half = st.session_state.get(key)
    previous = st.session_state.get(note_key)
    has_switched = half in titles and previous in titles and previous != half
    if (
        half is not None
        and has_switched
        and not navigation.came_from_elsewhere()
        and not browser_history.is_back_or_forward()
    ):
        st.session_state[note_key] = half
        st.session_state[key] = half  # so that Streamlit writes it into the address again
        on_change(half)
    selected = forms.ask_choice("What to do", titles, key=key, default=default, hide_label=True)
    st.session_state[note_key] = selected
    if name := st.query_params.get(navigation.JOB_PARAMETER):
        st.query_params[note_key] = f"{selected}:{name}"  # the widget omits the default half from the address
    else:
        st.query_params.pop(note_key, None)
    return selected


def reopen(page_file: str, half: str, settings: Mapping[str, type[Settings]], **parameters: str) -> None:
    """Reopens a page after a switch of halves: widgets would else read the other half's parameters.

    Args:
        page_file: next to frame.py.
        half: that is opened, with its own settings, because the halves share some names.
        settings: of both halves.
        parameters: in the address; the open job if there are none.
    """
    [closed] = (kind for name, kind in settings.items() if name != half)
    forms.reset_common_fields(settings[half], closed)
    if not parameters and (job_id := st.query_params.get(navigation.JOB_PARAMETER)):
        parameters[navigation.JOB_PARAMETER] = job_id
    navigation.go_to(page_file, **parameters)
