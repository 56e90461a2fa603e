"""Whether a task may run with these settings and inputs, and how long it is expected to take."""

from __future__ import annotations

from studio.core import amounts, capacity, tasks
from studio.core.errors import InvalidInput, StudioError
from studio.core.settings import Settings
from studio.core.tasks import Inputs, Task

MAX_LIVE_SECONDS = 30.0  # that a live request may be expected to take


def check(task_name: str, settings: Settings, inputs: Inputs, share: float) -> Task:
    """Returns the task with this name, if it may run.

    Args:
        task_name: the task's name.
        settings, inputs: of the task.
        share: of the machine's memory that its process may use, 0 to 1.

    Raises:
        InvalidInput: if settings or inputs are invalid.
        InsufficientSpace: if it needs more memory.
    """
    task = tasks.check(task_name, settings, inputs)
    tasks.check_memory(task, settings, inputs, share)
    return task


def check_live(task_name: str, settings: Settings, inputs: Inputs) -> Task:
    """Returns the task with this name, if it may run while the user waits. Raises as `check`."""
    task = check(task_name, settings, inputs, capacity.LIVE_MEMORY_SHARE)
    if not task.interactive:
        raise InvalidInput(f"{task.title} is not made at once. Submit it as a job.")
    return task


def check_seconds(task: Task, settings: Settings, inputs: Inputs) -> None:
    """Raises `InvalidInput` for a task that would delay all other live requests."""
    seconds = estimate_seconds(task, settings, inputs)
    if seconds is not None and seconds > MAX_LIVE_SECONDS:
        raise InvalidInput(
            f"{task.title} with these settings takes about {amounts.format_duration(seconds)}; what is made "
            f"at once may take {amounts.format_duration(MAX_LIVE_SECONDS)}. Submit it as a job."
        )


def estimate_seconds(task: Task, settings: Settings, inputs: Inputs) -> float | None:
    """Estimates the seconds that a task takes here; None if unknown."""
    try:
        return tasks.estimate_duration(task, settings, inputs)
    except (StudioError, OSError):
        return None  # a failed estimate must not refuse the job: the task's own error is clearer
