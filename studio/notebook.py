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
from studio.core.errors import Cancelled, printable
from studio.core.progress import Progress, Report, counted
from studio.core.tasks import Task
from studio.run import terminal
from studio.run.machine import LOCAL, Machine, add_to_gallery
from studio.run.program_result import Output
from studio.run.request import split_arguments, resolve


def make(task: str, /, *, quiet: bool = False, **arguments: Any) -> Output:
    """Runs a task here and adds the result to the gallery. See `studio.make`."""
    return _make(LOCAL, task, quiet, arguments)


class Elsewhere:
    """The studio on another machine. See `studio.connect`."""

    def __init__(self, machine: Machine):
        self._machine = machine

    def make(self, task: str, /, *, quiet: bool = False, **arguments: Any) -> Output:
        """Runs a task there, and adds the result to the galleries there and here. See `studio.make`."""
        return _make(self._machine, task, quiet, arguments)


def connect(url: str, token: str = "") -> Elsewhere:
    """Connects to the studio at a URL. See `studio.connect`."""
    from studio.run.remote import Remote  # loads an HTTP client, which local work does not need

    return Elsewhere(Remote(url, token))


def _make(machine: Machine, name: str, quiet: bool, arguments: dict[str, Any]) -> Output:
    by_command = {task.command: task.name for task in map(tasks.get, tasks.TASKS) if task.command}
    task, sources = tasks.get(by_command.get(str(name), str(name))), _sources(arguments)
    resume = arguments.pop("resume", None) if task.produces == "model" else None
    settings, inputs = resolve(task, *split_arguments(task, arguments), machine)
    machine.check(task.name, settings, inputs)
    if task.produces == "model":
        machine.resume_training(task.name, settings, inputs, resume, quiet)
    start = time.monotonic()
    try:
        with _working(task, quiet) as progress:
            result = machine.run(task, settings, inputs, progress)
            was_ignored = not result.stopped_early and _is_cancelled(progress)
    except Cancelled:
        raise KeyboardInterrupt("Stopped before there was a result.") from None
    if not task.readable:
        add_to_gallery(result, time.monotonic() - start)
    if was_ignored:  # a short task never checks for Ctrl-C, but a loop around `make` must end, too
        raise KeyboardInterrupt("Stopped; the last result is in the gallery.")
    if not quiet:
        for note in result.figures.get("notes", ()):
            terminal.print_note(note)
    if result.stopped_early:
        terminal.print_note("Stopped early; this is the best so far.")
    return Output(task, settings, result, sources)


def _sources(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the absolute paths of the input files; the program may change its folder before it saves."""
    lists = [value if isinstance(value, list | tuple) else [value] for value in arguments.values()]
    values = [
        # An image that Pillow has read from a file knows its path.
        getattr(value, "filename", "") if isinstance(value, Image.Image) else value
        for entries in lists
        for value in entries
    ]
    candidates = [paths.expand_user(str(value)) for value in values if isinstance(value, str | PathLike)]
    files = [str(path.resolve()) for path in candidates if path.name and paths.is_there(path)]
    return tuple([*files, *(path for value in values if isinstance(value, Output) for path in value.sources)])


def _is_cancelled(progress: Progress) -> bool:
    """Returns whether the user asked to stop."""
    try:
        progress.check()
    except Cancelled:
        return True
    return False


@contextlib.contextmanager
def _working(task: Task, quiet: bool) -> Iterator[Progress]:
    """Yields progress, shown as the commands do; in a notebook, on one line. Ctrl-C stops it early."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread receives signals
        yield Progress()
        return
    in_notebook = "ipykernel" in sys.modules and not quiet
    listener = partial(_say, task) if in_notebook else None
    try:
        with terminal.show_progress(task.title, quiet=quiet, verbose=False, listener=listener) as progress:
            yield progress
    finally:
        if in_notebook:
            sys.stderr.write("\r" + " " * _LINE + "\r")


_LINE = 79


def _say(task: Task, report: Report) -> None:
    has_text = task.produces == "text" and report.step > 0  # then `stage` holds the text so far
    stage = task.title if has_text or not report.stage else f"{task.title}: {report.stage}"
    line = "  ".join(filter(None, (stage, counted(report), amounts.left(report.seconds_left))))
    sys.stderr.write(f"\r{printable(line, _LINE):<{_LINE}}")
    sys.stderr.flush()
