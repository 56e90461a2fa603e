"""What Python programs and notebooks call: every task by its name, given paths, images and results.

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
from studio.run.request import by_kind, resolve


def make(task: str, /, *, quiet: bool = False, **given: Any) -> Output:
    """Runs a task here, and adds what it makes to the gallery. See `studio.make`."""
    return _make(LOCAL, task, quiet, given)


class Elsewhere:
    """The studio of another machine. See `studio.connect`."""

    def __init__(self, machine: Machine):
        self._machine = machine

    def make(self, task: str, /, *, quiet: bool = False, **given: Any) -> Output:
        """Runs a task there, and adds what it makes to the gallery there and here. See `studio.make`."""
        return _make(self._machine, task, quiet, given)


def connect(url: str, token: str = "") -> Elsewhere:
    """The studio at an address. See `studio.connect`."""
    from studio.run.remote import Remote  # which loads what nobody needs who works here

    return Elsewhere(Remote(url, token))


def _make(machine: Machine, task: str, quiet: bool, given: dict[str, Any]) -> Output:
    commands = {one.command: one.name for one in map(tasks.get, tasks.TASKS) if one.command}
    found, made_from = tasks.get(commands.get(str(task), str(task))), _sources(given)
    goes_on = given.pop("resume", None) if found.produces == "model" else None
    settings, inputs = resolve(found, *by_kind(found, given), machine)
    machine.check(found.name, settings, inputs)
    if found.produces == "model":
        machine.resume_training(found.name, settings, inputs, goes_on, quiet)
    began = time.monotonic()
    try:
        with _working(found, quiet) as progress:
            result = machine.run(found, settings, inputs, progress)
            missed = not result.stopped_early and _asked(progress)
    except Cancelled:
        raise KeyboardInterrupt("Stopped before there was a result.") from None
    if not found.readable:
        add_to_gallery(result, time.monotonic() - began)
    if missed:  # what is made at once never asks; the loop around it is to end all the same
        raise KeyboardInterrupt("Stopped; the last result is in the gallery.")
    if not quiet:
        for told in result.figures.get("notes", ()):
            terminal.note(told)
    if result.stopped_early:
        terminal.note("Stopped early; this is the best so far.")
    return Output(found, settings, result, made_from)


def _sources(given: Mapping[str, Any]) -> tuple[str, ...]:
    """The whole paths of what was given: the program may go to another folder before it saves."""
    lists = [value if isinstance(value, list | tuple) else [value] for value in given.values()]
    named = [
        # An image that Pillow has read from a file knows which.
        getattr(one, "filename", "") if isinstance(one, Image.Image) else one
        for values in lists
        for one in values
    ]
    those = [paths.expand_user(str(one)) for one in named if isinstance(one, str | PathLike)]
    own = [str(one.resolve()) for one in those if one.name and paths.is_there(one)]
    return tuple([*own, *(source for one in named if isinstance(one, Output) for source in one.sources)])


def _asked(progress: Progress) -> bool:
    """Whether a user has asked to stop."""
    try:
        progress.check()
    except Cancelled:
        return True
    return False


@contextlib.contextmanager
def _working(task: Task, quiet: bool) -> Iterator[Progress]:
    """Progress as the commands show it; in a notebook, as one line. Ctrl-C asks for the best so far."""
    if threading.current_thread() is not threading.main_thread():  # where no signal can be heard
        yield Progress()
        return
    in_notebook = "ipykernel" in sys.modules and not quiet
    listener = partial(_say, task) if in_notebook else None
    try:
        with terminal.working(task.title, quiet=quiet, verbose=False, listener=listener) as progress:
            yield progress
    finally:
        if in_notebook:
            sys.stderr.write("\r" + " " * _LINE + "\r")


_LINE = 79


def _say(task: Task, report: Report) -> None:
    writes = task.produces == "text" and report.step > 0  # then the text is what it wrote so far
    stage = task.title if writes or not report.stage else f"{task.title}: {report.stage}"
    told = "  ".join(filter(None, (stage, counted(report), amounts.left(report.seconds_left))))
    sys.stderr.write(f"\r{printable(told, _LINE):<{_LINE}}")
    sys.stderr.flush()
