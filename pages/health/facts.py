"""Facts about this installation on the health page."""

from __future__ import annotations

from itertools import islice

import streamlit as st

from pages.widgets import words
from studio import engine
from studio.core import paths
from studio.core.machine import doctor_checks

_ICONS = {"well": ":material/check_circle:", "note": ":material/info:", "trouble": ":material/error:"}
_SLOW_CHECKS_KEY = "slow_checks"  # in the session: their results
QUICK_CHECKS = 4  # number of the first checks, which take no time


def show_engine_status() -> None:
    """Shows whether jobs can run, and if not, why."""
    status = engine.connect().status()
    if status == "ready":
        _show_line("well", "engine", "ready")
    elif status.startswith("down"):
        _show_line("trouble", "engine", status)  # The status says what to do.
    else:
        _show_line("note", "engine", status, "wait a few seconds")


def show_machine() -> None:
    """Shows the checks of `studio doctor` with their remedies; slow checks run only on a click."""
    checks = doctor_checks.run_checks()
    for check in islice(checks, QUICK_CHECKS):
        _show_line(check.state, check.name, check.finding, check.remedy)
    if st.session_state.get(_SLOW_CHECKS_KEY) is None:
        if st.button(
            "Look closer",
            icon=":material/memory:",
            help="Checks models and GPUs, which takes about ten seconds",
        ):
            with st.spinner("Reading every model, asking Keras ..."):
                # The other half of the page shows the weights.
                slow_checks = [check for check in checks if not check.name.startswith("weights ")]
            st.session_state[_SLOW_CHECKS_KEY] = slow_checks
            st.rerun()
        return
    for check in st.session_state[_SLOW_CHECKS_KEY]:
        _show_line(check.state, check.name, check.finding, check.remedy)


def show_home() -> None:
    """Shows the folder of the studio's files, ready to copy."""
    st.caption("The studio keeps its files in this folder:")
    st.code(str(paths.ensure_home()), language=None, wrap_lines=True)


def _show_line(state: str, name: str, finding: str, remedy: str = "") -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"{_ICONS[state]} **{name.capitalize()}**")
        st.caption(words.escape(finding))
        if remedy:
            st.caption(f":material/healing: {words.escape(remedy)}")
