"""The parts of the page Text: generate text, train a language model, or compare two on a text."""

from __future__ import annotations

import streamlit as st

from pages.form import saved_settings
from pages.jobs import halves
from pages.text import training
from studio.text.settings import TrainTextSettings

WAYS = {"write": "Write", "own": "Your text", "who": "Who wrote this?"}
KEY = "do"
SIZES = tuple(2**n for n in range(3, 12))
SMALL = 128  # units: a text of a few pages is learned in minutes


def choose(known: list[str]) -> str:
    """Lets a user choose between the parts; without a language model the second is chosen already."""
    way = halves.choose(
        "text",
        WAYS,
        key=KEY,
        of=lambda job: "own" if job.task == training.TASK else "write",
        default="write" if known else "own",
    )
    if way != "own" and not known:
        st.info("There is no language model yet. Train one on a text.", icon=":material/info:")
        return "own"
    return way


def put(_settings: TrainTextSettings) -> None:
    """Puts the number of units among those of the slider. Call it from a callback."""
    saved_settings.nearest(SIZES, "units")


def memory() -> dict[str, int]:
    """Asks for the units per layer, with a smaller default than for long training runs elsewhere."""
    help = TrainTextSettings.described()["units"].help
    units = st.select_slider(
        "Units per layer", SIZES, value=SMALL, key="units", bind="query-params", help=help
    )
    return {"units": units}
