"""Whether a task may run with these settings and inputs, and how long it is expected to take."""

from __future__ import annotations

from studio.core import amounts, capacity, tasks
from studio.core.errors import InvalidInput, StudioError
from studio.core.settings import Settings
from studio.core.tasks import Inputs, Task

MOST_EXPECTED = 30.0  # s that a live request may be expected to take


def check(task: str, settings: Settings, inputs: Inputs, share: float) -> Task:
    """The task of a name, if it may run.

    Args:
        task: its name.
        settings, inputs: of it.
        share: of the machine's memory that its process may have.

    Raises:
        InvalidInput: if settings or inputs are not right.
        NoRoom: if it needs more memory.
    """
    named_task = tasks.check(task, settings, inputs)
    tasks.check_room(named_task, settings, inputs, share)
    return named_task


def check_live(task: str, settings: Settings, inputs: Inputs) -> Task:
    """The task of a name, if it may run while somebody waits for it. Raises as `check`."""
    named_task = check(task, settings, inputs, capacity.LIVE_SHARE)
    if not named_task.interactive:
        raise InvalidInput(f"{named_task.title} is not made at once. Submit it as a job.")
    return named_task


def check_seconds(task: Task, settings: Settings, inputs: Inputs) -> None:
    """Raises `InvalidInput` for what would hold up everybody else's live requests."""
    seconds = expected(task, settings, inputs)
    if seconds is not None and seconds > MOST_EXPECTED:
        raise InvalidInput(
            f"{task.title} with these settings takes about {amounts.duration(seconds)}; what is made at "
            f"once may take {amounts.duration(MOST_EXPECTED)}. Submit it as a job."
        )


def expected(task: Task, settings: Settings, inputs: Inputs) -> float | None:
    """About how many seconds a task takes here; None if that is not known."""
    try:
        return tasks.expected_seconds(task, settings, inputs)
    except (StudioError, OSError):
        return None  # a failed estimate refuses no job: the task itself says better what is wrong
