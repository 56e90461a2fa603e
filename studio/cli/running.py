"""Runs the task of a command: tells what it will take, shows progress, saves and tells the result."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from studio.cli import console
from studio.core import amounts, tasks
from studio.core.capacity import gib
from studio.core.settings import Settings
from studio.core.tasks import Inputs, Result, Task
from studio.core.training import checkpoints, parallel
from studio.run import outputs, terminal
from studio.run.machine import HERE, Machine, keep
from studio.run.request import Words, read

LONG = 30.0  # s; what is expected to take less is not worth a line


def run(
    task: Task,
    settings: Settings,
    named: Words,
    out: Path | None,
    arguments: argparse.Namespace,
    machine: Machine,
    tell: Callable[[Result], None] | None = None,
) -> int:
    """Runs a task with what the user named. Returns the exit code.

    Args:
        named: what stands for the files of each slot.
        out: where the result goes, as `outputs.checked` gave it; None to print it.
        tell: tells more of the result than its place.

    Raises:
        StudioError: for what the user can change.
    """
    inputs = read(task, named, machine, getattr(arguments, "labels", None))
    if task.produces == "model" and out and not arguments.overwrite:
        outputs.check_model_is_kept(out, task.name, settings, inputs)
    needs = machine.check(task.name, settings, inputs)
    trains = task.produces == "model" and task.lane != "drive"
    if machine is HERE:
        _say_what_it_takes(task, settings, inputs, needs, arguments, trains)
    if trains:
        _join(arguments, machine)
        machine.take_up(task.name, settings, inputs, arguments.resume, arguments.quiet)
    stream = None if out or arguments.json or task.readable else console.TextStream()
    started = time.monotonic()
    listener = stream if stream and stream.on_terminal else None
    with console.working(task.title, arguments, listener) as progress:
        if trains:
            parallel.barrier()  # none may find a checkpoint that the first has yet to forget
        result = machine.run(task, settings, inputs, progress)
    seconds = time.monotonic() - started
    if not parallel.is_first():
        return 0
    if task.readable:
        return console.tell_answer(task, result, named, out, seconds, arguments)
    if stream:
        stream.finish(outputs.text_of(result).decode())
    keep(result, seconds)  # first: should it find no room at its place, it is not lost
    if out:
        out = outputs.shown_place(outputs.save(result, out), arguments.out)
    if tell and not arguments.quiet:
        tell(result)
    return console.tell(result, out, seconds, arguments)


def _say_what_it_takes(
    task: Task,
    settings: Settings,
    inputs: Inputs,
    needs: float | None,
    arguments: argparse.Namespace,
    trains: bool,
) -> None:
    """Says about how long a long job takes and how much memory, unless results alone are wished."""
    if arguments.quiet or arguments.json:
        return
    expected = tasks.expected_seconds(task, settings, inputs)
    if expected is None or expected < LONG:
        return
    goes_on = trains and arguments.resume is not False and _was_begun(task, settings, inputs)
    memory = f", {gib(needs)} of memory" if needs else ""
    most, whole = "at most " if task.tries else "", " from its beginning" if goes_on else ""
    terminal.note(f"{task.title}: {most}{amounts.about(expected)} here{whole}{memory}.")


def _was_begun(task: Task, settings: Settings, inputs: Inputs) -> bool:
    return checkpoints.find(task.name, settings, inputs).folder.exists()


def _join(arguments: argparse.Namespace, machine: Machine) -> None:
    """Finds the other processes of this training; all but the first are silent from then on."""
    if machine is not HERE:
        return
    with contextlib.nullcontext() if arguments.verbose else terminal.muted():
        parallel.begin()
    arguments.quiet |= not parallel.is_first()
