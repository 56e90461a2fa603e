"""The two halves of the style page: painting in styles, and teaching a network styles of one's own."""

from __future__ import annotations

import streamlit as st

from pages.form import forms
from pages.jobs import halves, navigation
from pages.style import lesson
from studio.style.house.settings import TrainStyleSettings
from studio.style.settings import TransferSettings

HALVES = {"paint": "Paint", "teach": "Teach styles"}
_PAINT_WITH = "paint_with"  # of the session: the style to paint with next
_FORMS = {"paint": TransferSettings, "teach": TrainStyleSettings}


def choose() -> str:
    """Lets a person choose between the halves; follows what `paint_with` has asked for."""
    if title := st.session_state.pop(_PAINT_WITH, ""):
        st.session_state[lesson.HALF] = "paint"
        navigation.go_to("style_picture.py", style=title)
    return halves.choose(
        "style",
        HALVES,
        key=lesson.HALF,
        of=lambda job: "teach" if job.task == lesson.TASK else "paint",
        turned=_turned,
    )


def paint_with(title: str) -> None:
    """Opens the half that paints with a style, of which the address then tells. Call it from a callback."""
    st.session_state[_PAINT_WITH] = title


def _turned(half: str) -> None:
    forms.turn_to(_FORMS[half])
    if half == "teach":
        lesson.begin_anew()
