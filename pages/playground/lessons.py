"""Lessons: settings that show what goes wrong in training, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import forms
from studio.playground.settings import PlaygroundSettings


@dataclass(frozen=True)
class Lesson:
    """One set of knobs.

    Attributes:
        title: on its card.
        knobs: those that differ from what the page begins with.
        told: what to look at, and why it is so.
    """

    title: str
    knobs: Mapping[str, Any]
    told: str


LESSONS = {
    "fourier_features": Lesson(
        "Fourier features",
        {},
        "64 Fourier features encode the coordinates of each pixel. They differ from one "
        "pixel to the next. Within seconds the network draws every whisker.",
    ),
    "no_fourier_features": Lesson(
        "No Fourier features",
        {"fourier_features": 0},
        "With two coordinates as its only inputs the same network learns a blur: networks fit slowly varying "
        "functions first (spectral bias).",
    ),
    "straight": Lesson(
        "Straight lines only",
        {"fourier_features": 0, "activation": "none"},
        "Without an activation all layers together are one linear map. The best that it can draw is one "
        "linear ramp of color.",
    ),
    "zero": Lesson(
        "All zero",
        {"initializer": "zero", "steps": 600},
        "Every weight starts at 0, so each hidden unit outputs ReLU(0) = 0. The gradient of every weight is "
        "then 0: in the last layer because its inputs are 0, in all others because the last weights are. "
        "Only the last bias learns, and the picture becomes the mean color.",
    ),
    "too_fast": Lesson(
        "Too fast",
        {"optimizer": "sgd", "learning_rate": 1.5},
        "Each step overshoots the minimum by more than it was away from it. The loss rises instead of "
        "falling, and within a few steps the weights are too large for float32: training has diverged.",
    ),
    "vanishing": Lesson(
        "Vanishing",
        {"activation": "sigmoid", "initializer": "glorot", "depth": 10, "steps": 600},
        "The slope of a sigmoid is at most 1/4. Through ten of them the gradient shrinks to almost nothing "
        "on its way back: look at the first layers on the right. They do not learn. With ReLU and He "
        "they do.",
    ),
    "overfitted": Lesson(
        "Overfitted",
        {"fourier_features": 128, "fourier_scale": 24.0, "held_out": 0.75, "width": 96},
        "It is trained on one pixel in four and memorizes those. The loss on held-out pixels soon stops "
        "falling: between the training pixels it draws noise.",
    ),
}


def settings(name: str) -> PlaygroundSettings:
    """What a lesson sets."""
    return PlaygroundSettings.parse(LESSONS[name].knobs)


def cards() -> None:
    """A button a lesson; it puts the knobs where they belong, and the page follows."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="lessons"):
        st.caption("Try", width="content")
        for name, lesson in LESSONS.items():
            st.button(lesson.title, key=f"lesson_{name}", on_click=_turn, args=(name,))


def told(asked: PlaygroundSettings | None) -> None:
    """What there is to see, while the knobs stand as one of the lessons put them."""
    for name, lesson in LESSONS.items():
        knobs = {"size", "seed", "fps", "film", "frames"}
        if asked is not None and asked.model_dump(exclude=knobs) == settings(name).model_dump(exclude=knobs):
            st.info(f"**{lesson.title}.** {lesson.told}", icon=":material/school:")


def _turn(name: str) -> None:
    size = st.session_state.get("size")
    forms.prefill(settings(name))
    if size:
        st.session_state["size"] = size
