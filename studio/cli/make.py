"""The commands that make something: one a task, made from its slots and settings."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from studio.cli import (
    console,
    elsewhere,
    estimates,
    films,
    flags,
    folders,
    json_answers,
    settings_file,
    sweeps,
    train,
)
from studio.cli.text_stream import Scribe
from studio.core import tasks
from studio.core.errors import a
from studio.core.tasks import Slot, Task
from studio.run import input_files, keep, outputs, terminal
from studio.run.arguments import names_among
from studio.run.machine import HERE

GROUPS = {
    "classify": "teach a network classes of your own, and ask it",
    "lab": "teach a tiny network digits in seconds, and see what it makes of a drawing",
    "train": "train a model on data of your own",
}
_HINTS = {
    "picture": ": a file, or sample:NAME",
    "model": ": a name, a folder or a file",
    "text": ": a file",
    "dataset": ": a folder, zip, tar or npz, sample:NAME or tfds:NAME",
}
LABELS = "a file that names the classes of an imported model: one per line, JSON or CSV"
_FOLDER = ", or a folder of them: then OUT is one, too"
_FILM = "; or a film, if OUT is one"


def add(commands: Any) -> None:
    """Adds the command of every task; one of two words into the group that its first word names."""
    groups: dict[str, Any] = {}
    for task in map(tasks.get, tasks.TASKS):
        group, _, word = task.command.rpartition(" ")
        if group and group not in groups:
            groups[group] = flags.add_group(commands, group, GROUPS[group])
        if word:
            _add(groups.get(group, commands), word, task)
    for task in map(tasks.get, tasks.TASKS):
        if task.also:
            group, _, word = task.also.rpartition(" ")
            _add(groups[group], word, task)


def _add(commands: Any, word: str, task: Task) -> None:
    if task.produces == "model":
        parser = flags.add_leaf(commands, word, task.help, partial(train.run, task))
        elsewhere.allow(parser)
        train.add_flags(parser, task)
        return
    parser = flags.add_leaf(commands, word, task.help, partial(_run, task))
    elsewhere.allow(parser)
    flags.add_first_word(parser, task.settings)
    if task.inputs and task.inputs[0].kind == "picture" and task.inputs[0].most > 1:
        parser.other = input_files.is_picture  # `predict a.jpg b.jpg` are two pictures, not a model and one
    for slot in task.inputs:
        if slot not in _of_settings(task).values():
            _add_slot(parser, slot, _instead(task) if slot == task.inputs[0] else "")
    prints = outputs.prints_itself(task.produces)
    help = "where the result goes; printed if left out" if prints else "where the result goes"
    parser.add_argument("-o", "--out", required=not prints, help=help)
    if "preprocessing" in task.settings.model_fields:
        parser.add_argument("--labels", metavar="FILE", help=LABELS)
    settings_file.add_flag(parser)
    flags.add_settings(parser, task.settings)
    if films.can_go_through(task):
        films.add_flags(parser)
    if task.lane != "drive" and not task.readable:
        sweeps.add_flag(parser)


def _of_settings(task: Task) -> dict[str, Slot]:
    """The slots that share their flag with a setting, by its name: that one takes names, the slot files."""
    fields = {field.flag: field.name for field in task.settings.described().values()}
    return {fields[slot.flag]: slot for slot in task.inputs if slot.flag in fields}


def _instead(task: Task) -> str:
    """What may stand in place of the one picture that a task takes, in words."""
    if not task.of_a_picture:
        return ""
    return _FOLDER + (_FILM if films.can_go_through(task) else "")


def _add_slot(parser: flags.Parser, slot: Slot, instead: str) -> None:
    count = f"{slot.least} to {slot.most} {slot.kind}s" if slot.most > 1 else a(slot.kind)
    help = (
        (slot.help or count)
        + _HINTS.get(slot.kind, "")
        + (f", or {slot.instead}:NAME" if slot.instead else "")
    )
    help += instead
    if slot.flag:
        many: dict[str, Any] = {"nargs": "+", "action": "extend"} if slot.most > 1 else {"nargs": 1}
        parser.add_argument(slot.flag, dest=slot.name, metavar=slot.name.upper(), help=help, **many)
    else:
        nargs = "*" if not slot.least else 1 if slot.most == 1 else "+"
        parser.add_argument(slot.name, nargs=nargs, metavar=slot.name.upper(), help=help)


def _run(task: Task, arguments: argparse.Namespace) -> int:
    given, machine = flags.values(arguments), elsewhere.machine(arguments)
    named: dict[Slot, Sequence[str]] = {
        slot: getattr(arguments, slot.name, None) or [] for slot in task.inputs
    }
    for name, slot in _of_settings(task).items():
        # What is no known name is a folder or a file, of which a recipe keeps the digest, not the path.
        if name in given and not machine.is_name(task, given[name]):
            named[slot] = [given.pop(name)]
    for slot in task.inputs:
        names, named[slot] = names_among(slot, named[slot])
        given |= {slot.instead: names} if names else {}
    given = settings_file.under(given, task, arguments, [slot.instead for slot in task.inputs if named[slot]])
    settings = task.settings.parse(given)
    if vary := getattr(arguments, "vary", None):
        task, settings, named = sweeps.sweep_task(task, settings, named, vary, arguments.out)
    elif folders.picture_folder(task, named):
        return folders.run(task, settings, named, arguments, machine)
    elif films.is_asked_for(task, settings, named, arguments.out):
        part = films.part(arguments, True)
        task, settings, named = films.film_task(task, settings, named, given, part)
    else:
        films.part(arguments, False)
        if not arguments.quiet and (told := films.first_frame(task, named, arguments.out)):
            terminal.note(told)
    out = None
    if arguments.out is not None:
        texts = [text for texts in named.values() for text in texts]
        settings = outputs.named_by(Path(arguments.out), settings, given)
        also = (".json",) if task.readable else ()
        out = outputs.checked(arguments.out, task.makes(settings), texts, also)
    labels = getattr(arguments, "labels", None)
    inputs = {
        slot.name: [machine.read(slot, text, labels) for text in texts] for slot, texts in named.items()
    }
    machine.check(task.name, settings, inputs)
    if machine is HERE:
        estimates.before(task, settings, inputs, arguments)
    started = time.monotonic()
    scribe = None if out or arguments.json or task.readable else Scribe()
    with console.working(
        task.title, arguments, scribe if scribe and scribe.on_terminal else None
    ) as progress:
        result = machine.run(task.name, settings, inputs, progress)
    if task.readable:
        return json_answers.tell(task, result, named, out, time.monotonic() - started, arguments)
    if scribe:
        scribe.finish(outputs.text_of(result).decode())
    seconds = time.monotonic() - started
    keep.in_gallery(result, seconds)
    if out:
        out = outputs.shown_place(outputs.save(result, out), arguments.out)
    return console.tell(result, out, seconds, arguments)
