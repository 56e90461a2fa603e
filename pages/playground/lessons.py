"""Lessons: settings that show what goes wrong in training, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import forms
from pages.playground import points
from pages.widgets import assets
from studio.playground.settings import ClassificationSettings, NetworkSettings, PlaygroundSettings


@dataclass(frozen=True)
class Lesson:
    """Settings to try.

    Attributes:
        title: on its button, and the heading of its text in `lessons.md`.
        controls: the settings that differ from the defaults.
        kind: the class of the settings.
    """

    title: str
    controls: Mapping[str, Any]
    kind: type[NetworkSettings] = PlaygroundSettings

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
    "one_line": Lesson("One line", {"depth": 0}, ClassificationSettings),
    "hidden_layer": Lesson("A hidden layer", {"depth": 1, "width": 4}, ClassificationSettings),
    "input_features": Lesson(
        "Input features", {"depth": 0, "features": "polynomial"}, ClassificationSettings
    ),
    "linear_layers": Lesson("No activation", {"activation": "none"}, ClassificationSettings),
    "two_spirals": Lesson(
        "Two spirals",
        {"data": "spiral", "noise": 0.02, "features": "sines", "depth": 3, "width": 8, "steps": 4000},
        ClassificationSettings,
    ),
    "memorized_noise": Lesson(
        "Memorized noise",
        {"data": "xor", "noise": 0.3, "points": 80, "depth": 4, "width": 8, "steps": 4000},
        ClassificationSettings,
    ),
}


def settings_of(name: str) -> NetworkSettings:
    """Returns the settings of a lesson."""
    lesson = LESSONS[name]
    return lesson.kind.parse(lesson.controls)


def draw_buttons(kind: type[NetworkSettings]) -> None:
    """Draws a button for each lesson with settings of this class, which applies them."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="lessons"):
        st.caption("Try", width="content")
        for name, lesson in LESSONS.items():
            if lesson.kind is kind:
                st.button(lesson.title, key=f"lesson_{name}", on_click=_apply_lesson, args=(name,))


def explain(chosen_settings: NetworkSettings | None) -> None:
    """Shows the text of a lesson while the form has its settings and no points of the user."""
    is_points = isinstance(chosen_settings, ClassificationSettings)
    if chosen_settings is None or (is_points and st.session_state.get(points.OWN_KEY)):
        return
    ignored_fields = {"size", "seed", "fps", "video", "frames"}
    chosen_values = chosen_settings.model_dump(exclude=ignored_fields)
    for name, lesson in LESSONS.items():
        lesson_values = settings_of(name).model_dump(exclude=ignored_fields)
        if type(chosen_settings) is lesson.kind and chosen_values == lesson_values:
            st.info(f"**{lesson.title}.** {lesson.text}", icon=":material/school:")


def _apply_lesson(name: str) -> None:
    size = st.session_state.get("size")
    forms.prefill(settings_of(name))
    if LESSONS[name].kind is ClassificationSettings:
        points.clear()  # its text is about a data set
    if size:
        st.session_state["size"] = size
