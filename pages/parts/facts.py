"""Facts about this installation, for the health page."""

from __future__ import annotations

from itertools import islice

import streamlit as st

from pages.parts import words
from studio import engine
from studio.core import health, paths

_MARKS = {"well": ":material/check_circle:", "note": ":material/info:", "trouble": ":material/error:"}
_DEVICES = "devices_checked"


def engine_status() -> None:
    """Whether jobs can run, and why not."""
    status = engine.connect().status()
    if status == "ready":
        _line("well", "engine", "ready")
    elif status.startswith("down"):
        _line("trouble", "engine", status, "start the studio again")
    else:
        _line("note", "engine", status, "wait a few seconds")


def machine() -> None:
    """What `studio doctor` looks at, each with its remedy; the slow look at devices only when asked for."""
    found = health.checks()
    quick = 3
    for check in islice(found, quick):
        _line(check.state, check.name, check.found, check.remedy)
    if st.session_state.get(_DEVICES) is None:
        if st.button("Look for graphics cards", icon=":material/memory:", help="Takes about ten seconds"):
            with st.spinner("Asking Keras ..."):
                st.session_state[_DEVICES] = [check for check in found if check.name == "devices"]
            st.rerun()
        return
    for check in st.session_state[_DEVICES]:
        _line(check.state, check.name, check.found, check.remedy)


def home() -> None:
    """Where the studio keeps everything, to be copied."""
    st.caption("Everything the studio keeps is in")
    st.code(str(paths.home()), language=None, wrap_lines=True)


def _line(state: str, name: str, found: str, remedy: str = "") -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"{_MARKS[state]} **{name.capitalize()}**")
        st.caption(words.plain(found))
        if remedy:
            st.caption(f":material/healing: {words.plain(remedy)}")
