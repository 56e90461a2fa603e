"""The parts of the Text page: generate text, train a language model, or compare two on a text."""

from __future__ import annotations

import streamlit as st

from pages.form import saved_settings
from pages.jobs import halves
from pages.text import training
from studio.text.settings import TrainTextSettings

MODES = {"write": "Write", "own": "Your text", "who": "Who wrote this?"}
KEY = "do"
UNIT_CHOICES = tuple(2**n for n in range(3, 12))
DEFAULT_UNITS = 128  # units: trains in minutes on a text of a few pages


def choose(model_names: list[str]) -> str:
    """Lets the user choose a part of the page; without a language model, returns "own" for training one."""
    mode = halves.choose(
        "text",
        MODES,
        key=KEY,
        half_of=lambda job: "own" if job.task == training.TASK else "write",
        default="write" if model_names else "own",
    )
    if mode != "own" and not model_names:
        st.info("There is no language model yet. Train one on a text.", icon=":material/info:")
        return "own"
    return mode


def fill_form(_settings: TrainTextSettings) -> None:
    """Moves the number of units to a value of the slider. Call it from a callback."""
    saved_settings.snap_to_nearest(UNIT_CHOICES, "units")


def ask_units() -> dict[str, int]:
    """Asks for the units per layer, with a smaller default than the command has."""
    units = st.select_slider(
        "Units per layer",
        UNIT_CHOICES,
        value=DEFAULT_UNITS,
        key="units",
        bind="query-params",
        help="Number of units in each layer, the width of a Transformer; raise it for a better model but "
        "slower training.",
    )
    return {"units": units}
