"""Training from a terminal: the flags and the run of `studio train` and of training scripts."""

from __future__ import annotations

import argparse
from typing import Any

from studio.cli import command_arguments, flags, running
from studio.core import amounts, paths
from studio.core.tasks import Result, Task
from studio.run import tensorboard, terminal

_DATA_HELP = {
    "text": "training data: a text file",
    "dataset": "training images: a folder, zip, tar or npz (for a classifier, one folder per class or a "
    "labels.csv), "
    "sample:NAME or tfds:NAME",
}


def add_flags(parser: flags.Parser, task: Task) -> None:
    """Adds the arguments of a training run: DATA, the output folder, --resume, other inputs, settings."""
    first = task.inputs[0]
    parser.add_argument(first.name, metavar="DATA", help=_DATA_HELP[first.kind])
    parser.add_argument("-o", "--out", required=True, metavar="DIR", help="folder to save the model in")
    add_overwrite(parser)
    parser.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        help="resume the interrupted training (default), or start over",
    )
    for slot in task.inputs:
        if not slot.flag:
            continue
        if slot.kind == "model":
            help = f"{slot.help or 'start from a trained model'}: its name, folder or file"
            parser.add_argument(slot.flag, dest=slot.name, metavar="PRESET", help=help)
        else:
            help = (
                slot.help
                or f"{slot.min_files} to {slot.max_files} {flags.noun_of(slot.kind)}s: files, or sample:NAME"
            )
            nargs_options: dict[str, Any] = {"nargs": "+", "action": "extend"} if slot.max_files > 1 else {}
            metavar, is_required = slot.kind.upper(), slot.min_files > 0
            parser.add_argument(
                slot.flag, dest=slot.name, metavar=metavar, required=is_required, help=help, **nargs_options
            )
    help = "write losses and metrics to DIR as TensorBoard event files"
    parser.add_argument("--tensorboard", metavar="DIR", help=help)
    flags.add_saved_settings(parser)
    flags.add_settings(parser, task.settings)


def add_overwrite(parser: flags.Parser) -> None:
    """Adds `--overwrite`, which lets a training run replace a model."""
    help = "replace the trained model in the folder"
    parser.add_argument("--overwrite", action="store_true", help=help)


def run(task: Task, arguments: argparse.Namespace) -> int:
    """Trains a model, saves its folder and prints the figures. Returns the exit code."""
    settings, file_values, _, machine = command_arguments.parse(task, arguments)
    out = command_arguments.resolve_output("model", file_values, arguments)
    folder = arguments.tensorboard
    writers = [tensorboard.EventWriter(paths.expand_user(folder))] if folder else []
    try:
        return running.run(task, settings, file_values, out, arguments, machine, _print_figures, writers)
    finally:
        for writer in writers:
            writer.close()


def _print_figures(result: Result) -> None:
    numeric_figures = [
        (name, value) for name, value in result.figures.items() if isinstance(value, int | float)
    ]
    terminal.print_note(
        ", ".join(f"{name} {amounts.format_number(value)}" for name, value in numeric_figures)
    )
