"""The content image and a summary of the run, shown before the first dream."""

from __future__ import annotations

import streamlit as st

from pages.dream import targets
from pages.form import estimates, mask_choice, problems
from pages.widgets import browser_images, weight_downloads
from studio.core import amounts
from studio.core.tasks import File
from studio.dream.settings import DreamSettings


def show(content: File, settings: DreamSettings | None) -> None:
    """Shows the content image, with one line below it that says what Start does and how long it takes.

    Without settings, the line says what is wrong with the form.
    """
    if settings is None:
        problems.show_missing(content)
        return
    browser_images.show_content(content)
    st.markdown(_describe_start(content, settings))
    selections = mask_choice.list_needs(settings.mask)
    weight_downloads.announce_downloads([targets.find_backbone(settings), *selections])


def _describe_start(content: File, settings: DreamSettings) -> str:
    action = "runs DeepDream on this image"
    if settings.zoom:
        length = amounts.format_duration(max(settings.zoom / settings.fps, 1))
        action = f"makes a video of {settings.zoom} frames, {length} long"
    return f"**Start** {action}{estimates.describe_cost(targets.TASK, settings, {'content': [content]})}."
