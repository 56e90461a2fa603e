"""The bench: the user draws and corrupts a digit and sees each network's reconstruction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw, ImageFont

from pages.form.drawing_canvas import SIDE
from pages.jobs import live
from pages.lab import doodles, figures, keeping, training
from pages.lab.trained_network import TrainedNetwork
from studio.lab import drawings
from studio.lab.corrupt import compute_mean_absolute_error, corrupt
from studio.lab.settings import RepairSettings
from studio.lab.train import CORRUPTION_STREAM

LETTERS = "AEFGHKMNPQRSTWXYZ"  # not similar to digits


@st.fragment
def show(networks: Sequence[TrainedNetwork]) -> None:
    """Draws the canvas and the reconstructions. A fragment: a stroke does not rerun the rest of the page."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        if figures.CANVAS.is_new():
            figures.load_digit(networks[0].digits)
        drawing = figures.CANVAS.show("Draw a digit")
        with st.container(horizontal=True):
            digits = networks[0].digits
            st.button("A digit", icon=":material/casino:", on_click=figures.load_digit, args=(digits,))
            help = "Loads a letter, which is not in the training data"
            st.button("A letter", icon=":material/match_case:", on_click=_load_letter, help=help)
        noise = st.slider("Noise", 0.0, 1.0, 0.0, 0.05, key="noise", bind="query-params")
        holes = st.slider("Masked patches", 0, 6, 0, key="holes", bind="query-params")
        help = "Trains on variants of this drawing instead of digits; you can add more drawings"
        is_learned = st.button("Learn this drawing", icon=":material/school:", help=help)
    digit = drawings.convert_drawing(drawing, fit=True)
    if is_learned and digit.any():
        doodles.add(drawing)
        st.rerun()
    rng = np.random.default_rng([networks[0].model.settings.seed, CORRUPTION_STREAM])
    corrupted = corrupt(digit[None], noise, holes, rng)
    with right:
        _show_outputs(networks, digit, corrupted)
        with st.container(horizontal=True):
            training.draw_again_button()
            for network in networks:
                settings = RepairSettings.model_validate(
                    {**network.model.settings.model_dump(), "noise": noise, "holes": holes}
                )
                label = "Keep" if len(networks) == 1 else f"Keep {network.title.lower()}"
                if st.button(label, key=f"keep_{network.title}", icon=live.KEEP_ICON, help=live.KEEP_HELP):
                    keeping.keep("lab.repair", settings, drawing, network)


def _show_outputs(networks: Sequence[TrainedNetwork], digit: np.ndarray, corrupted: np.ndarray) -> None:
    codes = [network.model.encode(corrupted) for network in networks]
    outputs = [network.model.decode(code)[0] for network, code in zip(networks, codes, strict=True)]
    titled_digits = [("Your drawing", digit)]
    if not np.array_equal(corrupted[0], digit):
        titled_digits.append(("Corrupted", corrupted[0]))
    names = [f"{network.title}, from {network.model.settings.bottleneck}" for network in networks]
    figures.draw_row([*titled_digits, *zip(names, outputs, strict=True)])
    if not digit.any():
        st.caption("Nothing drawn yet. Draw a digit or load one; this is the output for an empty canvas.")
    else:
        errors = ", ".join(
            f"{compute_mean_absolute_error(output, digit):.1f} ({name.lower()})"
            for output, name in zip(outputs, names, strict=True)
        )
        corrupted_error = (
            f"; the corrupted drawing: {compute_mean_absolute_error(corrupted[0], digit):.1f}"
            if len(titled_digits) > 1
            else ""
        )
        st.caption(f"Mean absolute error against your drawing (0 to 255): {errors}{corrupted_error}.")
    for network, code in zip(networks, codes, strict=True):
        if network.result.stopped_early:
            steps, planned = network.result.figures["steps"], network.model.settings.planned_steps
            st.caption(f"{network.title} stopped after {steps:,} of {planned:,} training steps.")
        figures.draw_bars(code[0], *_compute_range(network.codes))
        st.caption(_describe_active_units(network, code[0]))


def _describe_active_units(network: TrainedNetwork, code: np.ndarray) -> str:
    """Returns a caption that names the units furthest from their mean."""
    spread = network.codes.std(axis=0) + 1e-9
    most_active = np.argsort(-np.abs(code - network.codes.mean(axis=0)) / spread)[:3] + 1
    prefix = f"The code of the drawing ({network.title.lower()})"
    if len(most_active) < 3:
        return f"{prefix}."
    first, second, third = most_active
    return f"{prefix}. Units {first}, {second} and {third} are furthest from their mean."


def _compute_range(codes: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(codes, (0.02, 0.98))
    return float(low), float(high)


def _load_letter() -> None:
    image = Image.new("RGB", (SIDE, SIDE))
    font = ImageFont.load_default(SIDE * 0.7)
    letter = LETTERS[figures.count_loaded() % len(LETTERS)]
    ImageDraw.Draw(image).text((SIDE / 2, SIDE / 2), letter, "white", font, anchor="mm", stroke_width=4)
    figures.CANVAS.set_drawing(np.asarray(image))
