"""Facts about this installation, for the health page."""

from __future__ import annotations

from itertools import islice

import streamlit as st

from pages.widgets import words
from studio import engine
from studio.core import paths
from studio.core.machine import doctor_checks

_MARKS = {"well": ":material/check_circle:", "note": ":material/info:", "trouble": ":material/error:"}
_CLOSER = "looked_closer"
QUICK = 4  # what takes no time to look at


def engine_status() -> None:
    """Whether jobs can run, and why not."""
    status = engine.connect().status()
    if status == "ready":
        _line("well", "engine", "ready")
    elif status.startswith("down"):
        _line("trouble", "engine", status)  # which says what to do
    else:
        _line("note", "engine", status, "wait a few seconds")


def machine() -> None:
    """What `studio doctor` looks at, each with its remedy; the slow looks only when asked for."""
    found = doctor_checks.checks()
    for check in islice(found, QUICK):
        _line(check.state, check.name, check.found, check.remedy)
    if st.session_state.get(_CLOSER) is None:
        if st.button(
            "Look closer", icon=":material/memory:", help="Check models and GPUs (about ten seconds)"
        ):
            with st.spinner("Reading every model, asking Keras ..."):
                # The weights have the other half of the page.
                closer = [check for check in found if not check.name.startswith("weights ")]
            st.session_state[_CLOSER] = closer
            st.rerun()
        return
    for check in st.session_state[_CLOSER]:
        _line(check.state, check.name, check.found, check.remedy)


def home() -> None:
    """Where the studio keeps everything, to be copied."""
    st.caption("The studio keeps its files in this folder:")
    st.code(str(paths.home()), language=None, wrap_lines=True)


def _line(state: str, name: str, found: str, remedy: str = "") -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"{_MARKS[state]} **{name.capitalize()}**")
        st.caption(words.plain(found))
        if remedy:
            st.caption(f":material/healing: {words.plain(remedy)}")
