"""Where the work is done: on this machine, unless a command or a program names another (`remote`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs, Result, Slot, Task
from studio.core.training import checkpoints
from studio.gallery import items
from studio.run import input_files, terminal


class Machine:
    """This machine."""

    def knows(self, name: str) -> bool:
        """Whether it has a model of a name, has one that was called so, or has removed it."""
        return presets.is_known(name) or presets.is_removed(name)

    def is_name(self, task: Task, value: Any) -> bool:
        """Whether a task knows a model by this name there; what it does not is a folder or a file."""
        return isinstance(value, str) and (value in task.builtin or self.knows(value))

    # One input by what a user calls it or a program has.
    read: Callable[[Slot, Any, str | None], File] = staticmethod(input_files.read)

    def check(self, name: str, settings: Settings, inputs: Inputs) -> float | None:
        """About how many bytes of memory the work needs; None if that is not known.

        Raises:
            StudioError: if it is known at once that the work cannot be done there.
        """
        return tasks.check_room(tasks.check(name, settings, inputs), settings, inputs)

    def take_up(
        self, name: str, settings: Settings, inputs: Inputs, goes_on: bool | None, quiet: bool
    ) -> None:
        """Resumes the same training where it was stopped, to end as an unbroken one, unless told not to.

        Raises:
            Unavailable: if another process does this training: two are hardly ever meant.
        """
        run = checkpoints.find(name, settings, inputs)
        with run.alone():
            if goes_on is False:
                run.forget()
        if goes_on is False or quiet:
            return
        if goes_on is None and run.folder.exists():
            terminal.note("It continues where the same training was stopped; --no-resume starts over.")
        elif goes_on and not run.folder.exists():
            terminal.note(
                "There is nothing to resume with these data and settings; it starts from the beginning."
            )

    # Runs a task that was checked; its files are kept here.
    run: Callable[[Task, Settings, Inputs, Progress | None], Result] = staticmethod(tasks.perform)


HERE = Machine()


def keep(result: Result, seconds: float) -> None:
    """Adds a result to the gallery; that it found no room there is told, and nothing else is lost by it."""
    if not result.files or result.recipe is None:
        return
    try:
        items.add(result, seconds)
    except (StudioError, OSError) as error:
        terminal.note(f"It is not in the gallery: {error}")
