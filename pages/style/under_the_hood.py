"""Under the hood of style transfer: matched features, AdaIN, and the losses of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.recorded import runs
from pages.style import matches
from pages.widgets import assets, curves, under_the_hood
from studio.core.models import presets
from studio.style.settings import SHIPPED_NETWORK


def explain_training(job: Any) -> None:
    """Draws the folded section of **Train styles**, with the losses of this training run if there is one."""
    under_the_hood.show_section(lambda: _draw_training(job), assets.read(__file__, "training.md"))


def _draw_training(job: Any) -> None:
    if job is not None and job.history:
        curves.show_losses(job.history, caption="Losses of this training run over its steps")
        return
    figures = presets.find(SHIPPED_NETWORK).read_data()["figures"]
    styles = ", ".join(figures["trained_styles"])
    caption = f"How the studio's network was trained on {styles}, in addition to its other styles"
    curves.show_losses(curves.list_reports(figures["curve"]), caption=caption)


def explain(job: Any, start_draft: Callable[[], None] | None = None) -> None:
    """Draws **Under the hood** with the figures of a job, or of a recorded run if there is no job yet.

    Args:
        job: the job, or None.
        start_draft: starts a small draft; its button appears only while there is no job.
    """
    under_the_hood.show_section(lambda: _draw_run(job, start_draft), assets.read(__file__, "transfer.md"))


def _draw_run(job: Any, start_draft: Callable[[], None] | None) -> None:
    run = runs.run_of_job(job) if job is not None and job.history else runs.load("style")
    run.show_label()
    if (
        job is None
        and start_draft
        and st.button("Watch a small draft of your photo", icon=":material/play_arrow:")
    ):
        start_draft()
    caption = "Cosine distance to the matched features over the steps; it jumps at each new match"
    curves.show_losses(run.history, caption=caption)
    encoded_matches = run.figures.get("matches")
    files = [*job.inputs["content"], *job.inputs["style"]] if job is not None and encoded_matches else []
    if encoded_matches and files and all(file.is_available for file in files):
        st.markdown(
            "**Matched places.** Point at the photo to see which part of the painting was matched to it."
        )
        matches.show(files[0], files[1:], encoded_matches, key="matched_places")
