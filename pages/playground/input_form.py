"""How the forms of the playground are refilled, and what Start does."""

from __future__ import annotations

import streamlit as st

from pages.form import estimates, samples
from pages.jobs.refill import Form
from pages.playground import photo, points
from pages.widgets import browser_images
from studio.core import amounts
from studio.core.tasks import Inputs
from studio.playground.settings import NetworkSettings

FORMS = (
    Form(task=photo.TASK, offers={"content": samples.list_photos}),
    Form(task=points.TASK, clear=points.clear, fill=points.fill),
)


def show_start_preview(task: str, inputs: Inputs, settings: NetworkSettings) -> None:
    """Shows the photo, if there is one, and one line that says what Start does."""
    if inputs.get("content"):
        browser_images.show_content(inputs["content"][0])
    action = f"trains the network and renders the image at {settings.size} px"
    if settings.frames:
        length = amounts.format_duration(max(settings.frames / settings.fps, 1))
        action = f"records training in {settings.frames} frames, {length} long"
    st.markdown(f"**Start** {action}{estimates.describe_cost(task, settings, inputs)}.")
