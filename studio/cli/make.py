"""The commands that make something: one a task, made from its slots and settings."""

from __future__ import annotations

import argparse
import time
from functools import partial
from typing import Any

from studio.cli import console, flags, outputs, sources
from studio.core import tasks
from studio.core.tasks import Slot, Task


def add(commands: Any) -> None:
    """Adds the command of every task."""
    for name in tasks.TASKS:
        task = tasks.get(name)
        parser = flags.add_leaf(commands, task.command, task.help, partial(_run, task))
        for slot in task.inputs:
            _add_slot(parser, slot)
        parser.add_argument("-o", "--out", required=True, help="where the result goes")
        flags.add_settings(parser, task.settings)


def _add_slot(parser: flags.Parser, slot: Slot) -> None:
    count = f"{slot.least} to {slot.most} {slot.kind}s" if slot.most > 1 else f"a {slot.kind}"
    help = f"{count}: a file, or sample:NAME" if slot.kind == "picture" else count
    if slot.flag:
        nargs = "+" if slot.most > 1 else 1
        parser.add_argument(slot.flag, dest=slot.name, nargs=nargs, metavar=slot.name.upper(), help=help)
    else:
        nargs = "*" if not slot.least else 1 if slot.most == 1 else "+"
        parser.add_argument(slot.name, nargs=nargs, metavar=slot.name.upper(), help=help)


def _run(task: Task, arguments: argparse.Namespace) -> int:
    settings = task.settings.parse(flags.values(arguments))
    named = {slot: getattr(arguments, slot.name, None) or [] for slot in task.inputs}
    out = outputs.checked(
        arguments.out, task.makes(settings), [text for texts in named.values() for text in texts]
    )
    settings = outputs.named_by(out, task, settings)
    inputs = {slot.name: [sources.source(slot, text) for text in texts] for slot, texts in named.items()}
    tasks.check(task.name, settings, inputs)
    if task.estimate and task.makes(settings) == "animation" and not (arguments.quiet or arguments.json):
        console.note(f"{task.title}: about {_duration(tasks.imported(task.estimate)(settings, inputs))}.")
    started = time.monotonic()
    with console.working(task.title, arguments) as progress:
        result = tasks.run(task.name, settings, inputs, progress)
    out = outputs.save(result, out)
    return console.tell(result, out, time.monotonic() - started, arguments)


def _duration(seconds: float) -> str:
    """A rough time in a person's words: "40 s", "3 min", "2.5 h"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
