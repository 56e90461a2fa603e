"""Estimates of the time and memory that a job takes."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from pages.widgets import browser_images, weight_downloads
from studio.core import amounts, capacity, tasks
from studio.core.errors import InsufficientSpace
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs


def show_start(
    content: File | None,
    action: str,
    task: str,
    settings: Settings,
    inputs: Inputs,
    weights: Collection[str] = (),
) -> None:
    """Shows the input image, with one line below it that says what Start does and how long it takes.

    Args:
        content: the input image, if any.
        action: what Start does: "makes 1,024 x 768 px".
        task, settings, inputs: of the job that Start starts.
        weights: names of the weights that the job needs.
    """
    if content is not None:
        browser_images.show_content(content)
    st.markdown(f"**Start** {action}{describe_cost(task, settings, inputs)}.")
    weight_downloads.announce_downloads(weights)


def describe_cost(task: str, settings: Settings, inputs: Inputs) -> str:
    """Returns the end of a sentence: ", which takes about 2 minutes here, and 1.6 GiB of memory".

    Returns "" if the time is unknown, and the error with its advice if the memory does not suffice.
    """
    spec = tasks.get(task)
    try:
        memory = tasks.check_memory(spec, settings, inputs, capacity.JOB_MEMORY_SHARE)
    except InsufficientSpace as error:
        return f". {str(error).removesuffix('.')}"
    seconds = tasks.estimate_duration(spec, settings, inputs)
    if seconds is None:
        return ""
    memory_text = f", and {capacity.format_gib(memory)} of memory" if memory else ""
    return f", which takes {amounts.format_estimate(seconds)} here{memory_text}"
