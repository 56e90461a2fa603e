"""The two halves of the style page: painting in styles, and training a network on one's own styles."""

from __future__ import annotations

import streamlit as st

from pages.form import forms
from pages.jobs import halves, jobs, navigation
from pages.style import lesson
from studio.style.house.settings import TrainStyleSettings
from studio.style.settings import TransferSettings

HALVES = {"paint": "Paint", "train": "Train styles"}
_PAGE = "style_photo.py"
_PAINT_WITH = "paint_with"  # of the session: the style to paint with next


def choose() -> str:
    """Lets a user choose between the halves; follows what `paint_with` has asked for."""
    if _PAINT_WITH in st.session_state:
        st.session_state[lesson.HALF] = "paint"
    return halves.choose(
        "style",
        HALVES,
        key=lesson.HALF,
        of=lambda job: "train" if job.task == lesson.TASK else "paint",
        turned=_turned,
    )


def paint_with(title: str) -> None:
    """Opens the half that paints with a style, of which the address then tells. Call it from a callback."""
    st.session_state[_PAINT_WITH] = title


def _turned(half: str) -> None:
    """Begins a half with its own settings, though both have some names in common."""
    paint, teach = TransferSettings, TrainStyleSettings
    forms.turn_to(*((teach, paint) if half == "train" else (paint, teach)))
    lesson.begin_again()
    told = {name: st.query_params[name] for name in [jobs.PARAMETER] if name in st.query_params}
    if title := st.session_state.pop(_PAINT_WITH, ""):
        told = {"style": title}
    navigation.go_to(_PAGE, **told)  # what widgets drawn from now on would still read in the address is gone
