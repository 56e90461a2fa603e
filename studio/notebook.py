"""The Python API: runs every task by name, on paths, images and earlier results.

import studio

painted = studio.make("style.transfer", content="photo.jpg", house="mosaic")
studio.make("dream.ascend", content=painted, look="palaces").save("dream.png")
box = studio.connect("http://box:8501")  # another machine, where the same studio runs
box.make("style.transfer", content="photo.jpg", house="mosaic").save("out.png")
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from functools import partial
from os import PathLike
from typing import Any

from PIL import Image

from studio.core import amounts, paths, tasks
from studio.core.errors import Cancelled, make_printable
from studio.core.progress import Progress, Report, format_steps
from studio.core.tasks import Task
from studio.run import terminal
from studio.run.machine import LOCAL, Machine, add_to_gallery
from studio.run.program_result import Output
from studio.run.request import resolve, split_arguments

_LINE_WIDTH = 79  # characters


def make(task: str, /, *, quiet: bool = False, **arguments: Any) -> Output:
    """Runs a task here and adds the result to the gallery. See `studio.make`."""
    return _run_on(LOCAL, task, quiet, arguments)


class RemoteStudio:
    """The studio on another machine. See `studio.connect`."""

    def __init__(self, machine: Machine):
        self._machine = machine

    def make(self, task: str, /, *, quiet: bool = False, **arguments: Any) -> Output:
        """Runs a task there, and adds the result to the galleries there and here. See `studio.make`."""
        return _run_on(self._machine, task, quiet, arguments)


def connect(url: str, token: str = "") -> RemoteStudio:
    """Connects to the studio at a URL. See `studio.connect`."""
    from studio.run.remote import Remote  # loads an HTTP client, which local work does not need

    return RemoteStudio(Remote(url, token))


def _run_on(machine: Machine, name: str, quiet: bool, arguments: dict[str, Any]) -> Output:
    """Runs a task, given its name or its command, on a machine, and adds the result to the gallery."""
    by_command = {task.command: task.name for task in map(tasks.get, tasks.TASKS) if task.command}
    task, sources = tasks.get(by_command.get(str(name), str(name))), _find_source_paths(arguments)
    resume = arguments.pop("resume", None) if task.produces == "model" else None
    settings, inputs = resolve(task, *split_arguments(task, arguments), machine)
    machine.check(task.name, settings, inputs)
    if task.produces == "model":
        machine.resume_training(task.name, settings, inputs, resume, quiet)
    start = time.monotonic()
    try:
        with _show_progress(task, quiet) as progress:
            result = machine.run(task, settings, inputs, progress)
            was_cancel_ignored = not result.stopped_early and _is_cancelled(progress)
    except Cancelled:
        raise KeyboardInterrupt("Stopped before there was a result.") from None
    if not task.format_json:
        add_to_gallery(result, time.monotonic() - start)
    if was_cancel_ignored:  # a short task never checks for Ctrl-C, but a loop around `make` must end, too
        raise KeyboardInterrupt("Stopped; the last result is in the gallery.")
    if not quiet:
        for note in result.figures.get("notes", ()):
            terminal.print_note(note)
    if result.stopped_early:
        terminal.print_note("Stopped early; this is the best so far.")
    return Output(task, settings, result, sources)


def _find_source_paths(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the absolute paths of the input files; the program may change its folder before it saves."""
    values: list[Any] = []
    for argument in arguments.values():
        values += argument if isinstance(argument, list | tuple) else [argument]
    # An image that Pillow has read from a file knows its path.
    values = [getattr(value, "filename", "") if isinstance(value, Image.Image) else value for value in values]
    candidates = [paths.expand_user(str(value)) for value in values if isinstance(value, str | PathLike)]
    files = [str(path.resolve()) for path in candidates if path.name and paths.path_exists(path)]
    return tuple([*files, *(path for value in values if isinstance(value, Output) for path in value.sources)])


def _is_cancelled(progress: Progress) -> bool:
    """Returns whether the user asked to stop."""
    try:
        progress.check()
    except Cancelled:
        return True
    return False


@contextlib.contextmanager
def _show_progress(task: Task, quiet: bool) -> Iterator[Progress]:
    """Yields progress, shown as the commands do; in a notebook, on one line. Ctrl-C stops it early."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread receives signals
        yield Progress()
        return
    in_notebook = "ipykernel" in sys.modules and not quiet
    listener = partial(_print_progress, task) if in_notebook else None
    try:
        with terminal.show_progress(task.title, quiet=quiet, verbose=False, listener=listener) as progress:
            yield progress
    finally:
        if in_notebook:
            sys.stderr.write("\r" + " " * _LINE_WIDTH + "\r")


def _print_progress(task: Task, report: Report) -> None:
    """Replaces the line of a notebook that shows the stage, steps and time left."""
    has_text = task.produces == "text" and report.step > 0  # then `stage` holds the text so far
    stage = task.title if has_text or not report.stage else f"{task.title}: {report.stage}"
    text = "  ".join(
        filter(None, (stage, format_steps(report), amounts.format_time_left(report.seconds_left)))
    )
    sys.stderr.write(f"\r{make_printable(text, _LINE_WIDTH):<{_LINE_WIDTH}}")
    sys.stderr.flush()
