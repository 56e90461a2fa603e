"""What a job will take here, said before it begins; one that cannot fit into the memory is refused."""

from __future__ import annotations

import argparse

from studio.core import amounts, tasks
from studio.core.capacity import gib
from studio.core.settings import Settings
from studio.core.tasks import Inputs, Task
from studio.run import terminal

LONG = 30.0  # s; what is expected to take less is not worth a line


def before(
    task: Task, settings: Settings, inputs: Inputs, arguments: argparse.Namespace, goes_on: bool = False
) -> None:
    """Says about how long a long job takes and how much memory, unless results alone are wished.

    Args:
        goes_on: whether a part of it was done before.

    Raises:
        NoRoom: if this machine has not the memory for it; the message names the largest that would fit.
        InvalidInput: if settings or inputs cannot be used.
    """
    needs = tasks.check_room(task, settings, inputs)
    expected = None if arguments.quiet or arguments.json else tasks.expected_seconds(task, settings, inputs)
    if expected and expected >= LONG:
        memory = f", {gib(needs)} of memory" if needs else ""
        most, whole = "at most " if task.tries else "", " from its beginning" if goes_on else ""
        terminal.note(f"{task.title}: {most}{amounts.about(expected)} here{whole}{memory}.")
