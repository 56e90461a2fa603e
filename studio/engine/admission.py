"""Whether a task may run with these settings and inputs, and how long it is expected to take."""

from __future__ import annotations

from studio.core import amounts, capacity, tasks
from studio.core.errors import InvalidInput, StudioError
from studio.core.settings import Settings
from studio.core.tasks import Inputs, Task

MAX_LIVE_SECONDS = 30.0  # s that a live request may be expected to take


def check(task: str, settings: Settings, inputs: Inputs, share: float) -> Task:
    """Returns the task with this name, if it may run.

    Args:
        task: the task's name.
        settings, inputs: of the task.
        share: of the machine's memory that its process may use, 0 to 1.

    Raises:
        InvalidInput: if settings or inputs are invalid.
        InsufficientSpace: if it needs more memory.
    """
    named_task = tasks.check(task, settings, inputs)
    tasks.check_memory(named_task, settings, inputs, share)
    return named_task


def check_live(task: str, settings: Settings, inputs: Inputs) -> Task:
    """Returns the task with this name, if it may run while the user waits. Raises as `check`."""
    named_task = check(task, settings, inputs, capacity.LIVE_SHARE)
    if not named_task.interactive:
        raise InvalidInput(f"{named_task.title} is not made at once. Submit it as a job.")
    return named_task


def check_seconds(task: Task, settings: Settings, inputs: Inputs) -> None:
    """Raises `InvalidInput` for a task that would delay all other live requests."""
    seconds = estimate_seconds(task, settings, inputs)
    if seconds is not None and seconds > MAX_LIVE_SECONDS:
        raise InvalidInput(
            f"{task.title} with these settings takes about {amounts.duration(seconds)}; what is made at "
            f"once may take {amounts.duration(MAX_LIVE_SECONDS)}. Submit it as a job."
        )


def estimate_seconds(task: Task, settings: Settings, inputs: Inputs) -> float | None:
    """Estimates the seconds that a task takes here; None if unknown."""
    try:
        return tasks.expected_seconds(task, settings, inputs)
    except (StudioError, OSError):
        return None  # a failed estimate must not refuse the job: the task's own error is clearer
