"""How much memory or disk a job takes, and whether it fits, told before it begins. Loads no Keras."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from studio.core import amounts, paths
from studio.core.errors import NoRoom
from studio.core.settings import Described, Settings

# Of the machine's memory, what the engine gives to the process of its jobs, and to that of live previews.
JOB_SHARE, LIVE_SHARE = 0.6, 0.4


def check(
    title: str, settings: Settings, needs: Callable[[Settings], float], grows: Sequence[str], most: float
) -> float:
    """Refuses a job that needs more memory than it may have.

    Args:
        title: of its task.
        settings: of the job.
        needs: bytes that a job with some settings takes.
        grows: the settings that decide that, the first to be changed first; none if they are not its own.
        most: bytes that there are.

    Returns:
        The bytes that it needs.

    Raises:
        NoRoom: if it does not fit; the message names those settings, and of the first whole number among
            them that can help the largest value that would fit.
    """
    needed = needs(settings)
    if needed <= most:
        return needed
    fields = [settings.described()[name] for name in grows]
    asked = " and ".join(_worded(field, getattr(settings, field.name)) for field in fields)
    fits = ((field, _largest(settings, needs, field, most)) for field in fields)
    steps = [f"Choose {_worded(field, value)} or less" for field, value in fits if value is not None]
    step = "Use a machine with more memory" if fields else "Choose a smaller size, or use a machine with more"
    raise NoRoom(
        f"{title}{' with ' if asked else ''}{asked} needs about {gib(needed)} of memory; here it may have "
        f"{gib(most)}. {[*steps, step][0]}."
    )


def check_disk(needed: float, what: str) -> None:
    """Refuses what needs more than is free on the disk of STUDIO_HOME.

    Args:
        needed: bytes.
        what: needs them, in words, e.g. "This training".

    Raises:
        NoRoom: if there are fewer.
    """
    home = paths.home()
    free = shutil.disk_usage(home).free
    if needed > free:
        has = amounts.size(free)
        raise NoRoom(
            f"{what} needs about {amounts.size(needed)} on the disk of {home}; {has} are free. "
            "Free some space there, or set STUDIO_HOME to a larger disk."
        )


def largest(
    settings: Settings, tried: Mapping[str, Sequence[Any]], needs: Callable[[Settings], float]
) -> tuple[Settings, list[str]]:
    """The settings that need most among all that will be tried, and which of them decide that.

    Args:
        settings: what all share.
        tried: values of those that vary, each tried with all of the others'; of a range its two ends.
        needs: bytes, or seconds, that a job with some settings takes.
    """
    settings = settings.model_copy(update={name: values[0] for name, values in tried.items()})
    decide: dict[str, None] = {}
    for name, values in [*tried.items()] * 2:  # twice: some matter only with a certain value of another
        each = [settings.model_copy(update={name: value}) for value in values]
        needed = [needs(one) for one in each]
        if max(needed) > min(needed):
            settings = each[needed.index(max(needed))]
            decide[name] = None
    return settings, list(decide)


def gib(count: float) -> str:
    """Bytes in a user's words: "1.8 GiB"."""
    return f"{count / 2**30:.1f} GiB"


def _worded(field: Described, value: Any) -> str:
    """A setting and its value in a user's words: "size 512 px"."""
    return f"{field.label.lower()} {value}{f' {field.unit}' if field.unit else ''}"


def _largest(
    settings: Settings, needs: Callable[[Settings], float], field: Described, most: float
) -> int | None:
    """The largest whole number, below the one asked for, that lets a job fit; None if there is none."""
    for value in _smaller(field, getattr(settings, field.name)):
        if needs(settings.model_copy(update={field.name: value})) <= most:
            return value
    return None


def _smaller(field: Described, now: Any) -> Iterator[int]:
    """The values below `now` that its slider or its list offers, the largest first; none of words."""
    if type(now) is not int:
        return
    if field.choices:
        yield from sorted((value for value in field.choices if value < now), reverse=True)
        return
    least, step = int(field.least or 1), int(field.step or 1)
    for count in range((now - 1 - least) // step, -1, -1):
        yield least + count * step
