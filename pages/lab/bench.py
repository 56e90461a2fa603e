"""The bench: one draws, corrupts what is drawn, and sees at once how each network repairs it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw, ImageFont

from pages.form.drawing_canvas import SIDE
from pages.jobs import live
from pages.lab import doodles, figures, teaching
from pages.lab.taught import Taught
from studio.core.imaging import image_io
from studio.core.tasks import File, Inputs
from studio.lab import drawings
from studio.lab.corrupt import levels, spoilt
from studio.lab.settings import RepairSettings
from studio.lab.train import SPOILING

LETTERS = "AEFGHKMNPQRSTWXYZ"  # unlike any digit
_TAKEN = "lab_taken"  # how many digits and letters were taken


@st.fragment
def show(taught: Sequence[Taught]) -> None:
    """Draws the canvas and the answers; a stroke draws nothing else again."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        if figures.CANVAS.is_new():
            _take_digit(taught[0].others)
        drawn = figures.CANVAS.show("Draw a digit")
        with st.container(horizontal=True):
            others = taught[0].others
            st.button("A digit", icon=":material/casino:", on_click=_take_digit, args=(others,))
            help = "Loads a letter, which is not in the training data"
            st.button("A letter", icon=":material/match_case:", on_click=_take_letter, help=help)
        noise = st.slider("Noise", 0.0, 1.0, 0.0, 0.05, key="noise", bind="query-params")
        holes = st.slider("Holes", 0, 6, 0, key="holes", bind="query-params")
    with left:
        help = "Trains on variants of this drawing instead of digits; you can add more drawings"
        learn = st.button("Learn this drawing", icon=":material/school:", help=help)
    digit = drawings.read(drawn, fit=True)
    if learn and digit.any():
        doodles.add(drawn)
        st.rerun()
    spoiling = np.random.default_rng([taught[0].network.settings.seed, SPOILING])
    given = spoilt(digit[None], noise, holes, spoiling)
    with right:
        _answers(taught, digit, given)
        with st.container(horizontal=True):
            teaching.again_button()
            for one in taught:
                wanted = RepairSettings.model_validate(
                    {**one.network.settings.model_dump(), "noise": noise, "holes": holes}
                )
                label = "Keep" if len(taught) == 1 else f"Keep {one.title.lower()}"
                if st.button(label, key=f"keep_{one.title}", icon=live.KEEP, help=live.KEEPS):
                    _keep(wanted, drawn, one.made.inputs)


def _answers(taught: Sequence[Taught], digit: np.ndarray, given: np.ndarray) -> None:
    codes = [one.network.encode(given) for one in taught]
    made = [one.network.decode(code)[0] for one, code in zip(taught, codes, strict=True)]
    shown = [("Your drawing", digit)]
    if given[0] is not digit and not np.array_equal(given[0], digit):
        shown.append(("Corrupted", given[0]))
    names = [f"{one.title}, from {one.network.settings.bottleneck}" for one in taught]
    figures.row([*shown, *zip(names, made, strict=True)])
    if not digit.any():
        st.caption("Nothing drawn yet. Draw a digit or load one; this is the output for an empty canvas.")
    else:
        off = ", ".join(
            f"{levels(one, digit):.1f} ({name.lower()})" for one, name in zip(made, names, strict=True)
        )
        spoiling = f"; the corrupted drawing: {levels(given[0], digit):.1f}" if len(shown) > 1 else ""
        st.caption(f"Mean absolute error against your drawing (0 to 255): {off}{spoiling}.")
    for one, code in zip(taught, codes, strict=True):
        if one.made.stopped_early:
            steps, planned = one.made.figures["steps"], one.network.settings.planned
            st.caption(f"{one.title} stopped after {steps:,} of {planned:,} training steps.")
        figures.bars(code[0], *_range(one.codes))
        st.caption(f"{_said(one, code[0])}")


def _said(one: Taught, code: np.ndarray) -> str:
    """Which units speak, in words."""
    spread = one.codes.std(axis=0) + 1e-9
    loudest = np.argsort(-np.abs(code - one.codes.mean(axis=0)) / spread)[:3] + 1
    whose = f"The code of the drawing ({one.title.lower()})"
    if len(loudest) < 3:
        return f"{whose}."
    first, second, third = loudest
    return f"{whose}. Units {first}, {second} and {third} are furthest from their mean."


def _range(codes: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(codes, (0.02, 0.98))
    return float(low), float(high)


def _keep(wanted: RepairSettings, drawn: np.ndarray, learned: Inputs) -> None:
    inputs = {**learned, "content": [File.keep(image_io.encode_png(drawn), "image", "drawing.png")]}
    made = live.live_result("lab.repair", wanted, inputs, "lab")
    if made is not None:
        live.keep(made)


def _take_digit(others: np.ndarray) -> None:
    figures.CANVAS.put(figures.as_image(others[_next() % len(others)]))


def _take_letter() -> None:
    image = Image.new("RGB", (SIDE, SIDE))
    font = ImageFont.load_default(SIDE * 0.7)
    letter = LETTERS[_next() % len(LETTERS)]
    ImageDraw.Draw(image).text((SIDE / 2, SIDE / 2), letter, "white", font, anchor="mm", stroke_width=4)
    figures.CANVAS.put(np.asarray(image))


def _next() -> int:
    st.session_state[_TAKEN] = st.session_state.get(_TAKEN, -1) + 1
    return st.session_state[_TAKEN]
