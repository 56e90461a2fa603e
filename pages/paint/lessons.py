"""Settings worth a look, each with what there is to see: what goes wrong when a network learns, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import forms
from studio.paint.settings import PaintSettings


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
    "waves": Lesson(
        "Waves",
        {},
        "The network is told each place as 64 waves of different lengths. Neighbouring pixels then look "
        "different to it, and within seconds it knows every whisker.",
    ),
    "no_waves": Lesson(
        "No waves",
        {"waves": 0},
        "Told two coordinates alone, the same network learns a blur: places side by side look nearly the "
        "same to it, so it paints them nearly the same.",
    ),
    "straight": Lesson(
        "Straight lines only",
        {"waves": 0, "activation": "none"},
        "Without an activation all layers together can only add and scale, as one layer could. The best it "
        "finds is one smooth ramp of colour from corner to corner.",
    ),
    "zero": Lesson(
        "All zero",
        {"initialisation": "zero", "steps": 600},
        "Every weight begins at 0, so all units of a layer are alike and no gradient comes back through "
        "them: it is 0 in all layers but the last. All that it learns is the mean colour.",
    ),
    "too_fast": Lesson(
        "Too fast",
        {"optimiser": "sgd", "learning_rate": 1.5},
        "Each step overshoots its aim by more than it was off before. The loss climbs instead of falling, "
        "the weights grow until no number can hold them, and the picture is lost.",
    ),
    "vanishing": Lesson(
        "Vanishing",
        {"activation": "sigmoid", "initialisation": "glorot", "depth": 10, "steps": 600},
        "A sigmoid is at most a quarter as steep as its input. Through ten of them the gradient shrinks to "
        "nothing on its way back: look at the layers on the right. The first ones never learn.",
    ),
    "overfitted": Lesson(
        "Overfitted",
        {"waves": 128, "fineness": 24.0, "held_out": 0.75, "width": 96},
        "It sees one pixel in four and learns those by heart. The loss of the pixels that it never saw soon "
        "stops falling: between the ones it knows it paints noise.",
    ),
}


def settings(name: str) -> PaintSettings:
    """What a lesson sets."""
    return PaintSettings.parse(LESSONS[name].knobs)


def cards() -> None:
    """A button a lesson; it puts the knobs where they belong, and the page follows."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="lessons"):
        st.caption("Try", width="content")
        for name, lesson in LESSONS.items():
            st.button(lesson.title, key=f"lesson_{name}", on_click=_turn, args=(name,))


def told(asked: PaintSettings | None) -> None:
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
