"""Facts about this installation on the health page."""

from __future__ import annotations

from itertools import islice

import streamlit as st

from pages.widgets import words
from studio import engine
from studio.core import paths
from studio.core.machine import doctor_checks

_MARKS = {"well": ":material/check_circle:", "note": ":material/info:", "trouble": ":material/error:"}
_CLOSER = "looked_closer"  # of the session: results of the slow checks
QUICK = 4  # first checks, which take no time


def engine_status() -> None:
    """Shows whether jobs can run, and if not, why."""
    status = engine.connect().status()
    if status == "ready":
        _line("well", "engine", "ready")
    elif status.startswith("down"):
        _line("trouble", "engine", status)  # The status says what to do.
    else:
        _line("note", "engine", status, "wait a few seconds")


def machine() -> None:
    """Shows the checks of `studio doctor` with their remedies; slow checks run only on a click."""
    checks = doctor_checks.checks()
    for check in islice(checks, QUICK):
        _line(check.state, check.name, check.finding, check.remedy)
    if st.session_state.get(_CLOSER) is None:
        if st.button(
            "Look closer", icon=":material/memory:", help="Check models and GPUs (about ten seconds)"
        ):
            with st.spinner("Reading every model, asking Keras ..."):
                # The other half of the page shows the weights.
                closer = [check for check in checks if not check.name.startswith("weights ")]
            st.session_state[_CLOSER] = closer
            st.rerun()
        return
    for check in st.session_state[_CLOSER]:
        _line(check.state, check.name, check.finding, check.remedy)


def home() -> None:
    """Shows the folder of the studio's files, ready to copy."""
    st.caption("The studio keeps its files in this folder:")
    st.code(str(paths.home()), language=None, wrap_lines=True)


def _line(state: str, name: str, finding: str, remedy: str = "") -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"{_MARKS[state]} **{name.capitalize()}**")
        st.caption(words.plain(finding))
        if remedy:
            st.caption(f":material/healing: {words.plain(remedy)}")
