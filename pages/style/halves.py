"""The two parts of the style page: style transfer, and training a network on new styles."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.jobs import halves
from pages.style import live_camera, training_form
from studio import engine
from studio.core.settings import Settings
from studio.style.house.settings import TrainStyleSettings
from studio.style.settings import TransferSettings

HALVES = {"paint": "Paint", "train": "Train styles"}
_PAGE = "style_photo.py"
_SETTINGS: Mapping[str, type[Settings]] = {"paint": TransferSettings, "train": TrainStyleSettings}
_PAINT_WITH_KEY = "paint_with"  # of the session: the style to paint with next


def choose() -> str:
    """Lets the user choose a part of the page; opens **Paint** after a call of `paint_with`."""
    if _PAINT_WITH_KEY in st.session_state:
        st.session_state[training_form.HALF_KEY] = "paint"
    return halves.choose(
        "style",
        HALVES,
        key=training_form.HALF_KEY,
        half_of=_open_half_of,
        on_change=_switch_half,
    )


def _open_half_of(job: engine.Job) -> str:
    """Returns the half that shows a job, after closing the camera, which would cover its result."""
    live_camera.close()
    return "train" if job.task == training_form.TASK else "paint"


def paint_with(title: str) -> None:
    """Opens **Paint** with a style, which is then part of the address. Call it from a callback."""
    st.session_state[_PAINT_WITH_KEY] = title


def _switch_half(half: str) -> None:
    training_form.reset_steps()
    title = st.session_state.pop(_PAINT_WITH_KEY, "")
    halves.reopen(_PAGE, half, _SETTINGS, **({"style": title} if title else {}))
