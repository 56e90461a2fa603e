"""Under the hood of style transfer: matched features, AdaIN, and the losses of this run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.jobs import trainings
from pages.recorded import runs
from pages.style import matches
from pages.widgets import assets, curves, under_the_hood
from studio.core.models import presets
from studio.style.settings import SHIPPED


def explain_lesson(job: Any) -> None:
    """The folded section of the half that trains, drawn from this training once there is one."""
    under_the_hood.show(lambda: _of_a_lesson(job), assets.read(__file__, "training.md"))


def _of_a_lesson(job: Any) -> None:
    if job is not None and job.history:
        curves.losses(job.history, caption="Losses of this training run over its steps")
        return
    figures = presets.find(SHIPPED).data()["figures"]
    new = ", ".join(figures["taught"])
    told = f"How the studio's network was trained on {new}, in addition to its other styles"
    curves.losses(list(trainings.reports_of(figures["curve"])), caption=told)


def explain(job: Any, watch: Callable[[], None] | None = None) -> None:
    """The folded section, drawn from this run; before there is one, from a recorded one.

    Args:
        watch: starts a small run to look at, for a page that has none.
    """
    under_the_hood.show(lambda: _of_a_run(job, watch), assets.read(__file__, "transfer.md"))


def _of_a_run(job: Any, watch: Callable[[], None] | None) -> None:
    run = runs.of_job(job) if job is not None and job.history else runs.recorded("style")
    run.say_whose()
    if job is None and watch and st.button("Watch a small draft of your photo", icon=":material/play_arrow:"):
        watch()
    caption = "Cosine distance to the matched features over the steps; it jumps at each new match"
    curves.losses(run.history, caption=caption)
    places = run.figures.get("matches")
    files = [*job.inputs["content"], *job.inputs["style"]] if job is not None and places else []
    if places and files and all(file.here for file in files):
        st.markdown(
            "**Matched places.** Point at the photo to see which part of the painting was matched to it."
        )
        matches.show(files[0], files[1:], places, key="matched_places")
