"""Lessons: settings that show what goes wrong in training, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import forms
from pages.widgets import assets
from studio.playground.settings import PlaygroundSettings


@dataclass(frozen=True)
class Lesson:
    """Settings to try.

    Attributes:
        title: on its button, and the heading of its text in `lessons.md`.
        controls: the settings that differ from the defaults.
    """

    title: str
    controls: Mapping[str, Any]

    @property
    def text(self) -> str:
        """What to watch, and why it happens."""
        return assets.read_sections(__file__, "lessons.md")[self.title]


LESSONS = {
    "fourier_features": Lesson("Fourier features", {}),
    "no_fourier_features": Lesson("No Fourier features", {"fourier_features": 0}),
    "straight": Lesson("Straight lines only", {"fourier_features": 0, "activation": "none"}),
    "zero": Lesson("All zero", {"initializer": "zero", "steps": 600}),
    "too_fast": Lesson("Too fast", {"optimizer": "sgd", "learning_rate": 1.5}),
    "vanishing": Lesson(
        "Vanishing", {"activation": "sigmoid", "initializer": "glorot", "depth": 10, "steps": 600}
    ),
    "overfitted": Lesson(
        "Overfitted", {"fourier_features": 128, "fourier_scale": 24.0, "held_out": 0.75, "width": 96}
    ),
}


def settings_of(name: str) -> PlaygroundSettings:
    """Returns the settings of a lesson."""
    return PlaygroundSettings.parse(LESSONS[name].controls)


def draw_buttons() -> None:
    """Draws a button per lesson that applies its settings."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="lessons"):
        st.caption("Try", width="content")
        for name, lesson in LESSONS.items():
            st.button(lesson.title, key=f"lesson_{name}", on_click=_apply_lesson, args=(name,))


def explain(chosen_settings: PlaygroundSettings | None) -> None:
    """Shows the text of a lesson while the form has its settings."""
    if chosen_settings is None:
        return
    ignored_fields = {"size", "seed", "fps", "video", "frames"}
    chosen_values = chosen_settings.model_dump(exclude=ignored_fields)
    for name, lesson in LESSONS.items():
        if chosen_values == settings_of(name).model_dump(exclude=ignored_fields):
            st.info(f"**{lesson.title}.** {lesson.text}", icon=":material/school:")


def _apply_lesson(name: str) -> None:
    size = st.session_state.get("size")
    forms.prefill(settings_of(name))
    if size:
        st.session_state["size"] = size
