"""What keeps the form from being started: shown at its widget, and next to the start button.

A message at a widget may be out of sight, while the start button always stays in sight.
"""

from __future__ import annotations

import streamlit as st

from pages.widgets import browser_images, words
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs

_KEY = "form_problem"  # of the session: the first message of this run


def clear() -> None:
    """Drops the problems of the last run. Call it from the frame, before the page."""
    st.session_state.pop(_KEY, None)


def show(message: str) -> None:
    """Shows an error here, and next to the start button.

    Args:
        message: plain text that says what is wrong and what to do.
    """
    st.error(words.escape(message), icon=":material/error:")
    note(message)


def note(message: str) -> None:
    """Shows a message next to the start button only: what is missing, and what to do."""
    st.session_state.setdefault(_KEY, message)


def check(task: str, settings: Settings, inputs: Inputs) -> bool:
    """Returns whether a task accepts settings and inputs; if not, notes why."""
    try:
        tasks.check(task, settings, inputs)
    except StudioError as error:
        note(str(error))
        return False
    return True


def get_first() -> str:
    """Returns the first message of this run; "" if there is none."""
    return st.session_state.get(_KEY, "")


def show_missing(content: File | None = None) -> None:
    """Shows the first problem in place of a result; nothing if there is none.

    Args:
        content: image to show above it.
    """
    if content is not None:
        browser_images.show_content(content)
    if message := get_first():
        st.info(words.escape(message), icon=":material/info:")
