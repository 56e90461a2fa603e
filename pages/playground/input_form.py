"""Inputs of the playground page, and whether its result updates without Start."""

from __future__ import annotations

import streamlit as st

from pages.form import estimates, samples
from pages.jobs.refill import Form
from pages.widgets import browser_images
from studio.core import amounts
from studio.core.tasks import File, Inputs
from studio.playground import estimate
from studio.playground.settings import PlaygroundSettings

TASK = "playground.train"
FORMS = (Form(task=TASK, offers={"content": samples.list_photos}),)
MAX_LIVE_SIZE = 1024  # px: larger images need Start
MAX_LIVE_SECONDS = 12.0  # s on one core: longer runs need Start, so other users get their turn


def is_live(settings: PlaygroundSettings, inputs: Inputs) -> bool:
    """Returns whether training is fast enough to start without Start."""
    return (
        not settings.frames
        and settings.size <= MAX_LIVE_SIZE
        and estimate.estimate_seconds(settings, inputs) <= MAX_LIVE_SECONDS
    )


def show_start_preview(content: File, settings: PlaygroundSettings) -> None:
    """Shows the photo, with one line below it that says what Start does."""
    browser_images.show_content(content)
    action = f"trains the network and renders the image at {settings.size} px"
    if settings.frames:
        length = amounts.format_duration(max(settings.frames / settings.fps, 1))
        action = f"records training in {settings.frames} frames, {length} long"
    st.markdown(f"**Start** {action}{estimates.describe_cost(TASK, settings, {'content': [content]})}.")
