"""How a model learnt to draw: what it made of the same numbers, stage by stage, and its judge's marks."""

from __future__ import annotations

import streamlit as st

from pages.widgets import browser_pictures, curves, keys, words
from studio.core.errors import StudioError
from studio.core.models.presets import Preset
from studio.core.pictures import images
from studio.core.training.stages import Numbers, walls

_MARKS = {"mark": "drawn pictures", "real": "real pictures"}
_LOSSES = {
    "generator": "the one that draws loses {:.2f}",
    "judge": "the judge loses {:.2f}",
    "reconstruction": "drawing a picture again costs {:,.0f} nats",
    "kl": "its numbers cost {:,.0f}",
}


def show(preset: Preset | None, key: str) -> None:
    """Slides over the stages of a model; says where to get some where it has none.

    Args:
        preset: the model, None for none.
        key: of the slider.
    """
    sheet = preset.stages() if preset else None
    numbers: Numbers = preset.data().get("stages") or {} if preset else {}
    if sheet is None or not numbers.get("steps"):
        st.caption(
            "This model kept no pictures of how it learnt. The avatars did, and so does whatever you teach "
            "on **Teach to draw**."
        )
        return
    try:
        draw(sheet, numbers, key)
    except StudioError as error:  # a file that is no picture, or not of so many walls
        st.caption(words.plain(str(error)))


def draw(sheet: bytes, numbers: Numbers, key: str) -> None:
    """The slider, the wall of its stage, and the marks of all.

    Args:
        sheet: a WebP of all walls, as a training kept it.
        numbers: what was measured at each, their "steps" among it.
        key: of the slider.
    """
    steps = [int(step) for step in numbers["steps"] if step is not None]
    chosen = steps[-1]
    if len(steps) > 1:
        chosen = st.select_slider("After so many steps", steps, value=chosen, key=keys.part(key, steps[-1]))
    stage = steps.index(chosen)
    told = in_words(numbers, stage)
    browser_pictures.captioned(_wall(sheet, stage, len(steps)), width="content", caption=told)
    rows = [
        {"step": step, "which": title, "value": numbers[name][n]}
        for name, title in _MARKS.items()
        if len(numbers.get(name, ())) == len(steps)
        for n, step in enumerate(steps)
        if numbers[name][n] is not None
    ]
    if rows:
        curves.named(rows, "the judge's mark")
        st.caption(
            "For how likely real the judge took the pictures of that step. "
            "Where the lines meet, it could not tell."
        )


def in_words(numbers: Numbers, stage: int) -> str:
    """What was measured at a stage, as a sentence."""
    found = {name: some[stage] for name, some in numbers.items() if stage < len(some)}
    told = [text.format(found[name]) for name, text in _LOSSES.items() if found.get(name) is not None]
    if found.get("mark") is not None:
        real = f", real ones with {found['real']:.0%}" if found.get("real") is not None else ""
        told = [f"the judge takes drawn pictures for real with {found['mark']:.0%}{real}", *told]
    return f"After {found['steps']:,.0f} steps: {words.listed(told)}" if told else "What it drew"


@st.cache_data(max_entries=64, show_spinner=False)
def _wall(sheet: bytes, stage: int, stages: int) -> bytes:
    """One wall of the sheet as a PNG, twice as large, in whole pixels."""
    return images.encode_png(walls(sheet, stages)[stage].repeat(2, axis=0).repeat(2, axis=1))
