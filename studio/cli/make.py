"""The commands that make something: one a task, made from its slots and settings."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from studio.cli import flags, folders, requests, running, sweeps, train, videos
from studio.core import tasks
from studio.core.errors import a
from studio.core.tasks import Slot, Task
from studio.run import input_files, outputs, terminal

GROUPS = {
    "classify": "train a classifier on your own classes, and use it",
    "lab": "train a tiny network on digits in seconds, and run it on a drawing",
    "train": "train a model on your own data",
}
_HINTS = {
    "image": ": a file, or sample:NAME",
    "model": ": a name, a folder or a file",
    "text": ": a file",
    "dataset": ": a folder, zip, tar or npz, sample:NAME or tfds:NAME",
}
LABELS = "a file that names the classes of an imported model: one per line, JSON or CSV"
_FOLDER = ", or a folder of them: then OUT is one, too"
_VIDEO = "; or a video, if OUT is one"


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
        requests.allow_elsewhere(parser)
        train.add_flags(parser, task)
        return
    parser = flags.add_leaf(commands, word, task.help, partial(_run, task))
    requests.allow_elsewhere(parser)
    flags.add_first_word(parser, task.settings)
    if task.inputs and task.inputs[0].kind == "image" and task.inputs[0].most > 1:
        parser.other = input_files.is_image  # `predict a.jpg b.jpg` are two images, not a model and one
    for slot in task.inputs:
        if slot.kind != "model" or slot.argument not in task.settings.model_fields:  # else the setting has it
            _add_slot(parser, slot, _instead(task) if slot == task.inputs[0] else "")
    prints = outputs.prints_itself(task.produces)
    help = "path of the result; printed if omitted" if prints else "path of the result"
    parser.add_argument("-o", "--out", required=not prints, help=help)
    if any(slot.third_party for slot in task.inputs):
        parser.add_argument("--labels", metavar="FILE", help=LABELS)
    flags.add_saved_settings(parser)
    flags.add_settings(parser, task.settings)
    if videos.can_go_through(task):
        videos.add_flags(parser)
    if task.lane != "drive" and not task.readable:
        sweeps.add_flag(parser)


def _instead(task: Task) -> str:
    """What may stand in place of the one image that a task takes, in words."""
    if not task.of_a_image:
        return ""
    return _FOLDER + (_VIDEO if videos.can_go_through(task) else "")


def _add_slot(parser: flags.Parser, slot: Slot, instead: str) -> None:
    count = (
        f"{slot.least} to {slot.most} {flags.noun(slot.kind)}s" if slot.most > 1 else a(flags.noun(slot.kind))
    )
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
    settings, named, chosen, machine = requests.parse(task, arguments)
    if vary := getattr(arguments, "vary", None):
        task, settings, named = sweeps.sweep_task(task, settings, named, vary, arguments.out)
    elif folders.image_folder(task, named):
        return folders.run(task, settings, named, arguments, machine)
    elif videos.is_asked_for(task, settings, named, arguments.out):
        part = videos.part(arguments, True)
        task, settings, named = videos.video_task(task, settings, named, chosen, part)
    else:
        videos.part(arguments, False)
        if not arguments.quiet and (told := videos.first_frame(task, named, arguments.out)):
            terminal.note(told)
    out = None
    if arguments.out is not None:
        settings = outputs.named_by(Path(arguments.out), settings, chosen)
        out = requests.place(task.makes(settings), named, arguments, (".json",) if task.readable else ())
    return running.run(task, settings, named, out, arguments, machine)
