"""The parts of the text page: a voice writes, a text of one's own makes one, or two of them read one."""

from __future__ import annotations

import streamlit as st

from pages.form import saved_settings
from pages.jobs import halves
from pages.text import training
from studio.text.settings import TrainTextSettings

WAYS = {"write": "Write", "own": "Your text", "who": "Who wrote this?"}
KEY = "do"
SIZES = tuple(2**n for n in range(3, 12))
SMALL = 128  # units: a text of a few pages is learnt in minutes


def choose(known: list[str]) -> str:
    """Lets a person choose between the parts; without a voice the second is chosen already."""
    way = halves.choose(
        "text",
        WAYS,
        key=KEY,
        of=lambda job: "own" if job.task == training.TASK else "write",
        default="write" if known else "own",
    )
    if way != "own" and not known:
        st.info("There is no voice yet. Let one learn from a text.", icon=":material/info:")
        return "own"
    return way


def put(_settings: TrainTextSettings) -> None:
    """Puts the size of a memory among those that are asked for. Call it from a callback."""
    saved_settings.nearest(SIZES, "units")


def memory() -> dict[str, int]:
    """Asks for the size of a voice's memory, which begins smaller here than for long trainings elsewhere."""
    help = TrainTextSettings.described()["units"].help
    units = st.select_slider(
        "Memory (units)", SIZES, value=SMALL, key="units", bind="query-params", help=help
    )
    return {"units": units}
