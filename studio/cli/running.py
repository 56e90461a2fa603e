"""Runs the task of a command: notes the expected cost, shows progress, saves and reports the result."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from studio.cli import console
from studio.core import amounts, tasks
from studio.core.capacity import format_gib
from studio.core.progress import Report
from studio.core.settings import Settings
from studio.core.tasks import Inputs, Result, Task
from studio.core.training import checkpoints, parallel
from studio.run import outputs, terminal
from studio.run.machine import LOCAL, Machine, add_to_gallery
from studio.run.request import SlotValues, read_inputs

MIN_NOTED_SECONDS = 30.0  # seconds; shorter tasks get no note on their cost


def run(
    task: Task,
    settings: Settings,
    file_values: SlotValues,
    out: Path | None,
    arguments: argparse.Namespace,
    machine: Machine,
    report_more: Callable[[Result], None] | None = None,
    more_listeners: Sequence[Callable[[Report], None]] = (),
) -> int:
    """Runs a task with the inputs that the user named. Returns the exit code.

    Args:
        task: the task.
        settings: its settings.
        file_values: names or paths of the files of each slot.
        out: path of the result, as `outputs.resolve_output` returned it; None to print it.
        arguments: arguments of the command.
        machine: machine that runs the task.
        report_more: prints more about the result.
        more_listeners: receive the progress reports, in addition to the terminal.

    Raises:
        StudioError: for errors that the user can fix.
    """
    inputs = read_inputs(task, file_values, machine, getattr(arguments, "labels", None))
    if task.produces == "model" and out and not arguments.overwrite:
        outputs.check_same_training(out, task.name, settings, inputs)
    memory_bytes = machine.check(task.name, settings, inputs)
    is_training = task.produces == "model" and task.lane != "drive"
    if machine is LOCAL:
        _print_cost(task, settings, inputs, memory_bytes, arguments, is_training)
    if is_training:
        _join_processes(arguments, machine)
        machine.resume_training(task.name, settings, inputs, arguments.resume, arguments.quiet)
    stream = None if out or arguments.json or task.format_json else console.TextStream()
    started = time.monotonic()
    listener = stream if stream and stream.on_terminal else None
    with console.show_progress(task.title, arguments, listener) as progress:
        for more_listener in more_listeners:
            progress.add_listener(more_listener)
        if is_training:
            parallel.wait_for_all()  # wait until the first process has removed an old checkpoint
        result = machine.run(task, settings, inputs, progress)
    seconds = time.monotonic() - started
    if not parallel.is_first():
        return 0
    if task.format_json:
        return console.report_answer(task, result, file_values, out, seconds, arguments)
    if stream:
        stream.finish(outputs.join_texts(result).decode())
    add_to_gallery(result, seconds)  # first, so that the result is not lost if saving it fails
    if out:
        out = outputs.display_path(outputs.save_result(result, out), arguments.out)
    if report_more and not arguments.quiet:
        report_more(result)
    return console.report_result(result, out, seconds, arguments)


def _print_cost(
    task: Task,
    settings: Settings,
    inputs: Inputs,
    memory_bytes: float | None,
    arguments: argparse.Namespace,
    is_training: bool,
) -> None:
    """Prints the estimated duration and memory of a long job, unless `--quiet` or `--json` is given."""
    if arguments.quiet or arguments.json:
        return
    expected_seconds = tasks.estimate_duration(task, settings, inputs)
    if expected_seconds is None or expected_seconds < MIN_NOTED_SECONDS:
        return
    is_resumed = False
    if is_training and arguments.resume is not False:
        is_resumed = checkpoints.find_run(task.name, settings, inputs).folder.exists()
    memory = f", {format_gib(memory_bytes)} of memory" if memory_bytes else ""
    bound, suffix = "at most " if task.plan_trials else "", " from its beginning" if is_resumed else ""
    terminal.print_note(
        f"{task.title}: {bound}{amounts.format_estimate(expected_seconds)} here{suffix}{memory}."
    )


def _join_processes(arguments: argparse.Namespace, machine: Machine) -> None:
    """Joins the processes of a distributed training; all but the first become quiet."""
    if machine is not LOCAL:
        return
    with contextlib.nullcontext() if arguments.verbose else terminal.mute_native_output():
        parallel.initialize()
    arguments.quiet |= not parallel.is_first()
