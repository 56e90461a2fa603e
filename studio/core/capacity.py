"""Checks before a job begins whether its memory and disk space suffice. Loads no Keras."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from studio.core import amounts, paths
from studio.core.errors import InsufficientSpace
from studio.core.settings import SettingInfo, Settings

# Shares of the machine's memory for the process of jobs and for that of live previews.
JOB_SHARE, LIVE_SHARE = 0.6, 0.4


def check(
    title: str, settings: Settings, needs: Callable[[Settings], float], grows: Sequence[str], most: float
) -> float:
    """Refuses a job that needs more memory than it may use.

    Args:
        title: the task's title.
        settings: of the job.
        needs: returns the bytes that a job with these settings needs.
        grows: names of the settings that decide the memory, in the order in which to change them; none if
            they are not its own.
        most: available bytes.

    Returns:
        The bytes that it needs.

    Raises:
        InsufficientSpace: if it does not fit; the message names those settings, and for the first integer
            one that helps, the largest value that would fit.
    """
    needed = needs(settings)
    if needed <= most:
        return needed
    fields = [settings.describe()[name] for name in grows]
    sizes = " and ".join(_worded(field, getattr(settings, field.name)) for field in fields)
    fits = ((field, _largest(settings, needs, field, most)) for field in fields)
    steps = [f"Choose {_worded(field, value)} or less" for field, value in fits if value is not None]
    step = "Use a machine with more memory" if fields else "Choose a smaller size, or use a machine with more"
    raise InsufficientSpace(
        f"{title}{' with ' if sizes else ''}{sizes} needs about {gib(needed)} of memory; here it may have "
        f"{gib(most)}. {[*steps, step][0]}."
    )


def check_disk(needed: float, subject: str) -> None:
    """Checks the free space on the disk of STUDIO_HOME.

    Args:
        needed: required bytes.
        subject: the subject of the message, e.g. "This training".

    Raises:
        InsufficientSpace: if less is free.
    """
    home = paths.home()
    free = shutil.disk_usage(home).free
    if needed > free:
        available = amounts.size(free)
        raise InsufficientSpace(
            f"{subject} needs about {amounts.size(needed)} on the disk of {home}; {available} are free. "
            "Free some space there, or set STUDIO_HOME to a larger disk."
        )


def largest(
    settings: Settings, candidates: Mapping[str, Sequence[Any]], needs: Callable[[Settings], float]
) -> tuple[Settings, list[str]]:
    """Finds the settings that need most among all combinations, and the names of those that decide it.

    Args:
        settings: the settings that all share.
        candidates: the values of each varied setting; for a range, its two ends.
        needs: returns the bytes, or seconds, that a job with these settings takes.
    """
    settings = settings.model_copy(update={name: values[0] for name, values in candidates.items()})
    decide: dict[str, None] = {}
    # Twice, because some settings matter only with a certain value of another one.
    for name, values in [*candidates.items()] * 2:
        each = [settings.model_copy(update={name: value}) for value in values]
        needed = [needs(variant) for variant in each]
        if max(needed) > min(needed):
            settings = each[needed.index(max(needed))]
            decide[name] = None
    return settings, list(decide)


def gib(count: float) -> str:
    """Formats bytes of memory: "1.8 GiB"."""
    return f"{count / 2**30:.1f} GiB"


def _worded(field: SettingInfo, value: Any) -> str:
    """Formats a setting with its value: "size 512 px"."""
    return f"{field.label.lower()} {value}{f' {field.unit}' if field.unit else ''}"


def _largest(
    settings: Settings, needs: Callable[[Settings], float], field: SettingInfo, most: float
) -> int | None:
    """Returns the largest smaller integer value with which the job fits; None if there is none."""
    for value in _smaller(field, getattr(settings, field.name)):
        if needs(settings.model_copy(update={field.name: value})) <= most:
            return value
    return None


def _smaller(field: SettingInfo, now: Any) -> Iterator[int]:
    """Yields the integer values below `now` that the field offers, largest first; none for other types."""
    if type(now) is not int:
        return
    if field.choices:
        yield from sorted((value for value in field.choices if value < now), reverse=True)
        return
    least, step = int(field.least or 1), int(field.step or 1)
    for count in range((now - 1 - least) // step, -1, -1):
        yield least + count * step
