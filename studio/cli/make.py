"""The commands that make something: one line of the table is one task with its inputs and spellings."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from studio.cli import console, flags, outputs, sources
from studio.core import tasks
from studio.core.tasks import Slot, Task


@dataclass(frozen=True)
class Command:
    """How a task is called.

    Attributes:
        task: its name in the registry.
        help: one line.
        positionals: the input slots that stand without a flag, by the word that the help shows.
        options: the input slots that have a flag.
        bare: the values of choices whose flag may stand alone.
    """

    task: str
    help: str
    positionals: Mapping[str, str]
    options: Mapping[str, str] = field(default_factory=dict)
    bare: Mapping[str, str] = field(default_factory=dict)


# A later capability adds one entry here.
COMMANDS = {
    "style": Command(
        "style.transfer",
        "paint a photo in the look of one to four paintings",
        positionals={"CONTENT": "content", "STYLE": "style"},
        options={"--masks": "mask"},
        bare={"keep_colors": "luminance"},
    ),
}


def add(commands: Any) -> None:
    """Adds every command of the table."""
    for name, command in COMMANDS.items():
        task = tasks.get(command.task)
        slots = {slot.name: slot for slot in task.inputs}
        parser = flags.add_leaf(commands, name, command.help, partial(_run, task))
        for word, slot in command.positionals.items():
            _add_slot(parser, word, slots[slot], metavar=word)
        for flag, slot in command.options.items():
            _add_slot(parser, flag, slots[slot], metavar=flag.strip("-").rstrip("s").upper())
        parser.add_argument("-o", "--out", required=True, help="where the result goes")
        flags.add_settings(parser, task.settings, command.bare)


def _add_slot(parser: flags.Parser, name: str, slot: Slot, metavar: str) -> None:
    count = f"{slot.least} to {slot.most} {slot.kind}s" if slot.most > 1 else f"a {slot.kind}"
    help = f"{count}: a file, or sample:NAME" if slot.kind == "picture" else count
    if name.startswith("-"):
        nargs = "+" if slot.most > 1 else 1
        parser.add_argument(name, dest=slot.name, nargs=nargs, metavar=metavar, help=help)
    else:
        nargs = "*" if not slot.least else 1 if slot.most == 1 else "+"
        parser.add_argument(slot.name, nargs=nargs, metavar=metavar, help=help)


def _run(task: Task, arguments: argparse.Namespace) -> int:
    settings = task.settings.parse(flags.values(arguments))
    named = {slot: getattr(arguments, slot.name, None) or [] for slot in task.inputs}
    out = outputs.checked(arguments.out, task.produces, [text for texts in named.values() for text in texts])
    inputs = {slot.name: [sources.source(slot, text) for text in texts] for slot, texts in named.items()}
    tasks.check_inputs(task, inputs)
    started = time.monotonic()
    with console.working(task.title, arguments) as progress:
        result = tasks.run(task.name, settings, inputs, progress)
    outputs.save(result, out)
    return console.tell(result, out, time.monotonic() - started, arguments)
