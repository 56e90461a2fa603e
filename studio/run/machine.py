"""Where the work is done: on this machine, unless a command or a program names another (`remote`)."""

from __future__ import annotations

from studio.core import tasks
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs, Result, Slot, Task
from studio.core.training import checkpoints
from studio.run import input_files, resume


class Machine:
    """This machine."""

    def knows(self, name: str) -> bool:
        """Whether it has a model of a name, or one that was called so."""
        return presets.is_known(name)

    def is_name(self, task: Task, text: str) -> bool:
        """Whether a task knows a model by a text there; what it does not is a folder or a file."""
        return text in task.builtin or self.knows(text)

    def read(self, slot: Slot, text: str, labels: str | None = None) -> File:
        """One input by what a person calls it, as `studio.run.input_files.read`."""
        return input_files.read(slot, text, labels)

    def check(self, name: str, settings: Settings, inputs: Inputs) -> None:
        """Raises `StudioError` if it is known at once that the work cannot be done there."""
        tasks.check_room(tasks.check(name, settings, inputs), settings, inputs)

    def take_up(
        self, name: str, settings: Settings, inputs: Inputs, goes_on: bool | None, quiet: bool
    ) -> None:
        """Has a training go on where the same one was stopped, unless told not to; see `resume.take_up`."""
        resume.take_up(checkpoints.find(name, settings, inputs), goes_on, quiet)

    def run(self, name: str, settings: Settings, inputs: Inputs, progress: Progress | None = None) -> Result:
        """Runs a task there, as `studio.core.tasks.run`; its files are kept here."""
        return tasks.run(name, settings, inputs, progress)


HERE = Machine()
