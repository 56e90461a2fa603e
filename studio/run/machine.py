"""The machine that does the work: this one, unless a command or a program names another (`remote`)."""

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
    """This machine. Subclasses send the work to other machines."""

    def has_model(self, name: str) -> bool:
        """Returns whether the machine has, or had, a model of this name."""
        return presets.is_known(name) or presets.is_removed(name)

    def is_model_name(self, task: Task, value: Any) -> bool:
        """Returns whether a value is the name of a model for a task; otherwise it is a file or folder."""
        return isinstance(value, str) and (value in task.builtin or self.has_model(value))

    # Reads one input from a name, a path or an object.
    read: Callable[[Slot, Any, str | None], File] = staticmethod(input_files.read)

    def check(self, name: str, settings: Settings, inputs: Inputs) -> float | None:
        """Checks a task's settings and inputs; returns about how many bytes of memory it needs, or None.

        Raises:
            StudioError: if it is clear at once that the work cannot be done there.
        """
        return tasks.check_memory(tasks.check(name, settings, inputs), settings, inputs)

    def resume_training(
        self, name: str, settings: Settings, inputs: Inputs, resume: bool | None, quiet: bool
    ) -> None:
        """Prepares to resume the same training run from its checkpoint, and says so.

        Args:
            name: name of the task.
            settings, inputs: those of the run.
            resume: False discards the checkpoint; True says if there is none; None resumes if there is one.
            quiet: whether to say nothing.

        Raises:
            Unavailable: if another process runs this training.
        """
        run = checkpoints.find_run(name, settings, inputs)
        with run.lock():
            if resume is False:
                run.delete()
        if resume is False or quiet:
            return
        if resume is None and run.folder.exists():
            terminal.print_note("It continues where the same training was stopped; --no-resume starts over.")
        elif resume and not run.folder.exists():
            terminal.print_note(
                "There is nothing to resume with these data and settings; it starts from the beginning."
            )

    # Runs a task that was checked; stores its files here.
    run: Callable[[Task, Settings, Inputs, Progress | None], Result] = staticmethod(tasks.run_checked)


LOCAL = Machine()


def add_to_gallery(result: Result, seconds: float) -> None:
    """Adds a result to the gallery; if that fails, only prints a note."""
    if not result.files or result.recipe is None:
        return
    try:
        items.add(result, seconds)
    except (StudioError, OSError) as error:
        terminal.print_note(f"It is not in the gallery: {error}")
