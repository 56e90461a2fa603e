"""Checks before a job begins whether its memory and disk space suffice. Loads no Keras."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from studio.core import amounts, paths
from studio.core.errors import InsufficientSpace
from studio.core.settings import SettingInfo, Settings

# Shares of the machine's memory for the process of jobs and for that of live previews.
JOB_MEMORY_SHARE, LIVE_MEMORY_SHARE = 0.6, 0.4


def check_memory(
    title: str,
    settings: Settings,
    estimate_bytes: Callable[[Settings], float],
    size_settings: Sequence[str],
    available_bytes: float,
) -> float:
    """Refuses a job that needs more memory than it may use.

    Args:
        title: the task's title.
        settings: of the job.
        estimate_bytes: returns the bytes that a job with these settings needs.
        size_settings: names of the settings that decide the memory, in the order in which to change them;
            empty if the job cannot change them.
        available_bytes: memory that the job may use.

    Returns:
        The estimated bytes.

    Raises:
        InsufficientSpace: if it does not fit; the message names those settings, and for the first one
            that helps, the largest value that would fit.
    """
    needed_bytes = estimate_bytes(settings)
    if needed_bytes <= available_bytes:
        return needed_bytes
    fields = [settings.describe()[name] for name in size_settings]
    sizes = " and ".join(_format_setting(field, getattr(settings, field.name)) for field in fields)
    step = "Use a machine with more memory" if fields else "Choose a smaller size, or use a machine with more"
    for field in fields:
        largest = _find_largest_value(settings, estimate_bytes, field, available_bytes)
        if largest is not None:
            step = f"Choose {_format_setting(field, largest)} or less"
            break
    raise InsufficientSpace(
        f"{title}{' with ' if sizes else ''}{sizes} needs about {format_gib(needed_bytes)} of memory; "
        f"here it may have {format_gib(available_bytes)}. {step}."
    )


def check_disk(needed_bytes: float, subject: str) -> None:
    """Checks the free space on the disk of STUDIO_HOME.

    Args:
        needed_bytes: required space.
        subject: the subject of the message, e.g. "This training".

    Raises:
        InsufficientSpace: if less is free.
    """
    home = paths.ensure_home()
    free_bytes = shutil.disk_usage(home).free
    if needed_bytes > free_bytes:
        raise InsufficientSpace(
            f"{subject} needs about {amounts.format_bytes(needed_bytes)} on the disk of {home}; "
            f"{amounts.format_bytes(free_bytes)} are free. "
            "Free some space there, or set STUDIO_HOME to a larger disk."
        )


def find_most_demanding(
    settings: Settings, candidates: Mapping[str, Sequence[Any]], estimate: Callable[[Settings], float]
) -> tuple[Settings, list[str]]:
    """Finds the combination of settings that needs most memory or time.

    Args:
        settings: the settings that all combinations share.
        candidates: the values of each varied setting; for a range, its two ends.
        estimate: returns the bytes, or seconds, that a job with these settings takes.

    Returns:
        The settings, and the names of the varied settings that change the estimate.
    """
    settings = settings.model_copy(update={name: values[0] for name, values in candidates.items()})
    deciding_names: dict[str, None] = {}
    # Twice, because some settings matter only with a certain value of another one.
    for name, values in [*candidates.items()] * 2:
        variants = [settings.model_copy(update={name: value}) for value in values]
        estimates = [estimate(variant) for variant in variants]
        if max(estimates) > min(estimates):
            settings = variants[estimates.index(max(estimates))]
            deciding_names[name] = None
    return settings, list(deciding_names)


def format_gib(byte_count: float) -> str:
    """Formats bytes of memory: "1.8 GiB"."""
    return f"{byte_count / 2**30:.1f} GiB"


def _format_setting(field: SettingInfo, value: Any) -> str:
    """Formats a setting with its value: "size 512 px"."""
    text = f"{value:g}" if isinstance(value, float) else value
    return f"{field.label.lower()} {text}{f' {field.unit}' if field.unit else ''}"


def _find_largest_value(
    settings: Settings,
    estimate_bytes: Callable[[Settings], float],
    field: SettingInfo,
    available_bytes: float,
) -> float | None:
    """Returns the largest step below the current value with which the job fits; None if none does."""
    for value in _iterate_smaller_values(field, getattr(settings, field.name)):
        if estimate_bytes(settings.model_copy(update={field.name: value})) <= available_bytes:
            return value
    return None


def _iterate_smaller_values(field: SettingInfo, current: Any) -> Iterator[float]:
    """Yields the steps below `current` that the field accepts, largest first; none for other types."""
    if type(current) is float and field.step and field.minimum is not None:
        count = math.ceil((current - field.minimum) / field.step)
        yield from (round(field.minimum + n * field.step, 6) for n in reversed(range(count)))
    if type(current) is not int:
        return
    if field.choices:
        yield from sorted((value for value in field.choices if value < current), reverse=True)
        return
    lowest, step = int(field.minimum or 1), int(field.step or 1)
    for count in range((current - 1 - lowest) // step, -1, -1):
        yield lowest + count * step
