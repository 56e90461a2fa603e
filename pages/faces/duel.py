"""Training progress of a generator: images from the same latents, stage by stage, and the discriminator's
scores.
"""

from __future__ import annotations

import streamlit as st

from pages.widgets import browser_images, curves, keys, words
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.models.presets import Preset
from studio.core.training.stages import Numbers, grids

_MARKS = {"mark": "generated images", "real": "real images"}
_LOSSES = {
    "generator": "generator loss {:.2f}",
    "discriminator": "discriminator loss {:.2f}",
    "reconstruction": "reconstruction loss {:,.0f} nats",
    "kl": "KL divergence {:,.0f} nats",
}


def show(preset: Preset | None, key: str) -> None:
    """Shows a slider over the stages of a model, or a note if the model has none.

    Args:
        preset: the model, None for none.
        key: of the slider.
    """
    sheet = preset.stages() if preset else None
    numbers: Numbers = preset.data().get("stages") or {} if preset else {}
    if sheet is None or not numbers.get("steps"):
        st.caption(
            "This model has no images from its training. The avatars model has them, and so does every model "
            "that you train on **Train a generator**."
        )
        return
    try:
        draw(sheet, numbers, key)
    except StudioError as error:  # a file that is no image, or not of so many grids
        st.caption(words.plain(str(error)))


def draw(sheet: bytes, numbers: Numbers, key: str) -> None:
    """Draws the slider, the grid of its stage, and the scores of all stages.

    Args:
        sheet: a WebP of all grids, as a training kept it.
        numbers: what was measured at each, their "steps" among it.
        key: of the slider.
    """
    steps = [int(step) for step in numbers["steps"] if step is not None]
    chosen = steps[-1]
    if len(steps) > 1:
        chosen = st.select_slider("Training step", steps, value=chosen, key=keys.part(key, steps[-1]))
    stage = steps.index(chosen)
    told = in_words(numbers, stage)
    browser_images.captioned(_grid(sheet, stage, len(steps)), width="content", caption=told)
    rows = [
        {"step": step, "which": title, "value": numbers[name][n]}
        for name, title in _MARKS.items()
        if len(numbers.get(name, ())) == len(steps)
        for n, step in enumerate(steps)
        if numbers[name][n] is not None
    ]
    if rows:
        curves.named(rows, "discriminator score")
        st.caption(
            "The mean probability of being real that the discriminator gave to generated and to real images. "
            "Where the lines meet, the discriminator cannot tell them apart."
        )


def in_words(numbers: Numbers, stage: int) -> str:
    """The figures of a stage, as a sentence."""
    found = {name: some[stage] for name, some in numbers.items() if stage < len(some)}
    told = [text.format(found[name]) for name, text in _LOSSES.items() if found.get(name) is not None]
    if found.get("mark") is not None:
        real = f", to real ones {found['real']:.0%}" if found.get("real") is not None else ""
        told = [f"the discriminator gives generated images {found['mark']:.0%}{real}", *told]
    return f"Step {found['steps']:,.0f}: {words.listed(told)}" if told else "Generated images"


@st.cache_data(max_entries=64, show_spinner=False)
def _grid(sheet: bytes, stage: int, stages: int) -> bytes:
    """One grid of the sheet as a PNG, twice as large, in whole pixels."""
    return image_io.encode_png(grids(sheet, stages)[stage].repeat(2, axis=0).repeat(2, axis=1))
