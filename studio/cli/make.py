"""The commands of tasks, built from their slots and settings."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from studio.cli import command_arguments, flags, folders, running, sweeps, train, videos
from studio.core import tasks
from studio.core.errors import with_article
from studio.core.tasks import Slot, Task
from studio.run import input_files, outputs, terminal

GROUP_HELP = {
    "classify": "train a classifier on your own classes, and use it",
    "lab": "train a tiny network on digits in seconds, and run it on a drawing",
    "train": "train a model on your own data",
}
_KIND_HELP = {
    "image": ": a file, or sample:NAME",
    "model": ": a name, a folder or a file",
    "text": ": a file",
    "dataset": ": a folder, zip, tar or npz, sample:NAME or tfds:NAME",
}
LABELS_HELP = "file with the class names of an imported model: one per line, JSON or CSV"
_FOLDER_HELP = ", or a folder of images, for which OUT is a folder, too"
_VIDEO_HELP = "; or a video, for which OUT is a video, too"


def add(commands: Any) -> None:
    """Adds the command of every task; a command of two words goes into the group of its first word."""
    groups: dict[str, Any] = {}
    for task in map(tasks.get, tasks.TASKS):
        group, _, word = task.command.rpartition(" ")
        if group and group not in groups:
            groups[group] = flags.add_group(commands, group, GROUP_HELP[group])
        if word:
            _add_command(groups.get(group, commands), word, task)
    for task in map(tasks.get, tasks.TASKS):
        if task.alias:
            group, _, word = task.alias.rpartition(" ")
            _add_command(groups[group], word, task)


def _add_command(commands: Any, word: str, task: Task) -> None:
    """Adds the command of a task with a flag for each slot and setting."""
    if task.produces == "model":
        parser = flags.add_command(commands, word, task.help, partial(train.run, task))
        command_arguments.allow_remote(parser)
        train.add_flags(parser, task)
        return
    parser = flags.add_command(commands, word, task.help, partial(_run, task))
    command_arguments.allow_remote(parser)
    flags.add_positional_setting(parser, task.settings)
    if task.inputs and task.inputs[0].kind == "image" and task.inputs[0].max_files > 1:
        # `predict a.jpg b.jpg` means two images, not a model and one image.
        parser.is_other_input = input_files.is_image_name
    for slot in task.inputs:
        # A setting with the same flag has it already.
        if slot.kind != "model" or slot.argument not in task.settings.model_fields:
            _add_slot(parser, slot, _describe_alternatives(task) if slot == task.inputs[0] else "")
    is_printed = outputs.goes_to_stdout(task.produces)
    help = "path of the result; printed if omitted" if is_printed else "path of the result"
    parser.add_argument("-o", "--out", required=not is_printed, help=help)
    if any(slot.third_party for slot in task.inputs):
        parser.add_argument("--labels", metavar="FILE", help=LABELS_HELP)
    flags.add_saved_settings(parser)
    flags.add_settings(parser, task.settings, skip=[slot.name for slot in task.inputs if slot.names])
    if videos.accepts_video(task):
        videos.add_flags(parser)
    if task.lane != "drive" and not task.format_json and task.settings.model_fields:
        sweeps.add_flag(parser)


def _describe_alternatives(task: Task) -> str:
    """Returns help text on what a task accepts instead of its single image."""
    if not task.takes_single_image:
        return ""
    return _FOLDER_HELP + (_VIDEO_HELP if videos.accepts_video(task) else "")


def _add_slot(parser: flags.Parser, slot: Slot, alternatives: str) -> None:
    """Adds a flag or a positional argument for the files of a slot.

    Args:
        parser: parser of the command.
        slot: the slot.
        alternatives: end of the help text, on what else is accepted.
    """
    count = (
        f"{slot.min_files} to {slot.max_files} {flags.noun_of(slot.kind)}s"
        if slot.max_files > 1
        else with_article(flags.noun_of(slot.kind))
    )
    name_help = f", or {slot.name_setting}:NAME" if slot.name_setting else ""
    name_help += f", or {' or '.join(slot.names)}" if slot.names else ""
    help = f"{slot.help or count}{_KIND_HELP.get(slot.kind, '')}{name_help}{alternatives}"
    if slot.flag:
        nargs_options: dict[str, Any] = (
            {"nargs": "+", "action": "extend"} if slot.max_files > 1 else {"nargs": 1}
        )
        parser.add_argument(slot.flag, dest=slot.name, metavar=slot.name.upper(), help=help, **nargs_options)
    else:
        nargs = "*" if not slot.min_files else 1 if slot.max_files == 1 else "+"
        parser.add_argument(slot.name, nargs=nargs, metavar=slot.name.upper(), help=help)


def _run(task: Task, arguments: argparse.Namespace) -> int:
    """Runs the command of a task: on one input, a folder of images, a video, or as a sweep."""
    settings, file_values, user_set, machine = command_arguments.parse(task, arguments)
    if vary := getattr(arguments, "vary", None):
        task, settings, file_values = sweeps.make_sweep(task, settings, file_values, vary, arguments.out)
    elif folders.is_image_folder(task, file_values):
        return folders.run(task, settings, file_values, arguments, machine)
    elif videos.is_video_request(task, settings, file_values, arguments.out):
        flag_values = videos.get_flag_values(arguments)
        task, settings, file_values = videos.make_video_task(
            task, settings, file_values, user_set, flag_values
        )
    else:
        videos.refuse_flags(arguments)
        if not arguments.quiet and (hint := videos.first_frame_note(task, file_values, arguments.out)):
            terminal.print_note(hint)
    out = None
    if arguments.out is not None:
        settings = outputs.match_ending(Path(arguments.out), settings, user_set)
        out = command_arguments.resolve_output(
            task.choose_kind(settings), file_values, arguments, (".json",) if task.format_json else ()
        )
    return running.run(task, settings, file_values, out, arguments, machine)
