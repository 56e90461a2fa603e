"""The half of the playground that learns a photo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.form import forms, image_input, samples
from pages.jobs import results
from pages.playground import learning
from pages.widgets import browser_images
from studio import engine
from studio.core.tasks import Inputs
from studio.playground import estimate
from studio.playground.settings import PlaygroundSettings

TASK = "playground.train"
_MAX_LIVE_SIZE = 1024  # px: larger images need Start
_MAX_LIVE_SECONDS = 12.0  # s on one core: longer runs need Start, so other users get their turn


def ask() -> learning.Request:
    """Draws the form."""
    st.caption("Watch a tiny network memorize your photo. Change a setting and training restarts.")
    content = image_input.choose_image("content", "Photo", samples.list_photos())
    settings = forms.ask_settings(PlaygroundSettings, seed_mode="kept")
    inputs = {"content": [content.get_file()]}
    is_live = settings is not None and _is_live(settings, inputs)
    return learning.Request(VIEW, PlaygroundSettings, settings, inputs, is_live, (settings, content.title))


def _is_live(settings: PlaygroundSettings, inputs: Inputs) -> bool:
    return (
        not settings.frames
        and settings.size <= _MAX_LIVE_SIZE
        and estimate.estimate_seconds(settings, inputs) <= _MAX_LIVE_SECONDS
    )


def _show_placeholder(inputs: Inputs) -> None:
    """Draws the photo."""
    browser_images.show_content(inputs["content"][0])


def _describe_metrics(settings: PlaygroundSettings, metrics: Mapping[str, Any]) -> str:
    """Returns metrics or figures in one line."""
    parts_of_line = [
        f"{settings.parameters:,} parameters",
        f"PSNR {metrics['psnr_training']:.1f} dB on training pixels",
    ]
    if metrics.get("psnr_held_out") is not None:
        parts_of_line.append(f"{metrics['psnr_held_out']:.1f} dB on held-out pixels")
    line = " · ".join(parts_of_line)
    return f"{line}. An image at 20 dB is blurred; at 40 it is hard to tell from the photo."


def _show_image(inputs: Inputs, result: engine.Live, caption: str) -> None:
    results.show_comparison(inputs["content"][0], result.data, key="result", caption=caption)


VIEW = learning.View(
    task=TASK,
    samples="pixels",
    alt="Current output of the network",
    show_placeholder=_show_placeholder,
    describe_metrics=_describe_metrics,
    show_image=_show_image,
)
