"""Under the hood of Restore: the damage that was found."""

from __future__ import annotations

import streamlit as st

from pages.restore import damage_view
from pages.restore.input_form import TASK
from pages.widgets import assets, under_the_hood
from studio import engine
from studio.restore import models
from studio.restore.settings import RestoreSettings


def explain(job: engine.Job | None) -> None:
    """Draws the folded section, with the damage of a result if there is one."""
    under_the_hood.show_section(lambda: _draw_damage(job), assets.read(__file__, "under_the_hood.md"))


def _has_inputs(job: engine.Job) -> bool:
    return all(file.is_available for files in job.inputs.values() for file in files)


def _draw_damage(job: engine.Job | None) -> None:
    if job is None or job.task != TASK or job.result is None or not _has_inputs(job):
        st.caption("Once there is a result, the damage that was found appears here.")
        return
    settings = RestoreSettings.from_plain(job.settings)
    if settings.scratches:
        network = str(models.find_network(settings, job.inputs).folder)
        st.image(
            damage_view.render(job.inputs["content"][0].digest, network, settings.sensitivity),
            width="stretch",
            alt="The photo with the detected damage in red",
        )
    st.metric(
        "Damage",
        f"{100 * float(job.result.figures['damage']):.2f}%",
        help="Share of the photo that was filled, with your corrections",
    )
    st.caption("Red: detected as a scratch, a hair or dust, before your corrections.")
