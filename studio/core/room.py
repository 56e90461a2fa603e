"""How much memory a job takes, and whether it fits, told before it begins. Loads no Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from studio.core.errors import NoRoom
from studio.core.settings import Described, Settings

JOB_SHARE = 0.6  # of the machine's memory, what the engine gives to the process of its jobs
_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")  # of a container: cgroup 2, and cgroup 1


def total() -> int:
    """Bytes of memory that this machine has, or the container that this runs in."""
    found = [psutil.virtual_memory().total]
    for name in _LIMITS:
        with suppress(OSError, ValueError):  # "max" where there is no limit
            found.append(int((Path("/sys/fs/cgroup") / name).read_text()))
    return min(found)


def check(
    title: str, settings: Settings, needs: Callable[[Settings], float], grows: str, most: float
) -> float:
    """Refuses a job that needs more memory than it may have.

    Args:
        title: of its task.
        settings: of the job.
        needs: bytes that a job with some settings takes.
        grows: the setting, a whole number, with which that grows; "" if there is none of the task's own.
        most: bytes that there are.

    Returns:
        The bytes that it needs.

    Raises:
        NoRoom: if it does not fit; the message names the largest value of that setting that would.
    """
    needed = needs(settings)
    if needed <= most:
        return needed
    asked, step = title, "choose a smaller size, or use a machine with more memory"
    if grows:
        field = settings.described()[grows]
        unit = f" {field.unit}" if field.unit else ""
        asked = f"{title} with a {grows} of {getattr(settings, grows)}{unit}"
        fits = _largest(settings, needs, field, most)
        step = f"choose a {grows} of at most {fits}{unit}" if fits else "use a machine with more memory"
    raise NoRoom(f"{asked} needs about {gib(needed)} of memory; here it may have {gib(most)}. Next: {step}.")


def gib(count: float) -> str:
    """Bytes in a person's words: "1.8 GiB"."""
    return f"{count / 2**30:.1f} GiB"


def _largest(
    settings: Settings, needs: Callable[[Settings], float], field: Described, most: float
) -> int | None:
    """The largest value below the one asked for with which a job fits; None if none does."""
    for value in _smaller(field, getattr(settings, field.name)):
        if needs(settings.model_copy(update={field.name: value})) <= most:
            return value
    return None


def _smaller(field: Described, now: int) -> Iterator[int]:
    """The values below `now` that its slider or its list offers, the largest first."""
    if field.choices:
        yield from sorted((value for value in field.choices if value < now), reverse=True)
        return
    least, step = int(field.least or 1), int(field.step or 1)
    for count in range((now - 1 - least) // step, -1, -1):
        yield least + count * step
