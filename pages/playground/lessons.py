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
        """What to look at, and why it is so."""
        return assets.sections(__file__, "lessons.md")[self.title]


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


def settings(name: str) -> PlaygroundSettings:
    """What a lesson sets."""
    return PlaygroundSettings.parse(LESSONS[name].controls)


def cards() -> None:
    """A button a lesson; it puts the controls where they belong, and the page follows."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="lessons"):
        st.caption("Try", width="content")
        for name, lesson in LESSONS.items():
            st.button(lesson.title, key=f"lesson_{name}", on_click=_turn, args=(name,))


def told(asked: PlaygroundSettings | None) -> None:
    """What there is to see, while the controls stand as one of the lessons put them."""
    for name, lesson in LESSONS.items():
        controls = {"size", "seed", "fps", "video", "frames"}
        if asked is not None and asked.model_dump(exclude=controls) == settings(name).model_dump(
            exclude=controls
        ):
            st.info(f"**{lesson.title}.** {lesson.text}", icon=":material/school:")


def _turn(name: str) -> None:
    size = st.session_state.get("size")
    forms.prefill(settings(name))
    if size:
        st.session_state["size"] = size
