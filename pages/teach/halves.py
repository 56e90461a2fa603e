"""The two halves of the page that teaches: teaching, and trying what was taught before."""

from __future__ import annotations

import streamlit as st

from pages.form import forms
from pages.jobs import jobs
from pages.teach import classifiers

HALVES = {"teach": "Teach", "try": "Try"}


def choose() -> str:
    """Lets a person choose between the halves; a link to a job opens the one that shows it."""
    if jobs.linked_job("classify"):
        st.session_state[classifiers.WAY] = "teach"
    return forms.one_of("What to do", HALVES, key=classifiers.WAY, hidden=True)
