"""Estimates of the time and memory that a job takes."""

from __future__ import annotations

from studio.core import amounts, capacity, tasks
from studio.core.errors import InsufficientSpace
from studio.core.settings import Settings
from studio.core.tasks import Inputs


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
