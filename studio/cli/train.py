"""Training from a terminal: the flags and the run that `studio train` and the training scripts share."""

from __future__ import annotations

import argparse
import contextlib
import time
from typing import Any

from studio.cli import console, elsewhere, estimates, flags, settings_file
from studio.core import amounts
from studio.core.tasks import Task
from studio.core.training import checkpoints, parallel
from studio.run import keep, outputs, terminal
from studio.run.machine import HERE

_DATA = {
    "text": "what it learns from: a text file",
    "dataset": "pictures to learn from: a folder, zip, tar or npz (for a classifier with a folder for "
    "each class), sample:NAME or tfds:NAME",
}


def add_flags(parser: flags.Parser, task: Task) -> None:
    """Adds what every training takes: DATA, the model's folder, --resume, other inputs and the settings."""
    parser.add_argument("data", metavar="DATA", help=_DATA[task.inputs[0].kind])
    parser.add_argument("-o", "--out", required=True, metavar="DIR", help="the model's folder")
    add_overwrite(parser)
    parser.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        help="go on where the same training was stopped, as it does unasked; or begin anew",
    )
    for slot in task.inputs:
        if not slot.flag:
            continue
        if slot.kind == "model":
            help = f"{slot.help or 'begin with a trained model'}: its name, folder or file"
            parser.add_argument(slot.flag, dest=slot.name, metavar="PRESET", help=help)
        else:
            help = slot.help or f"{slot.least} to {slot.most} {slot.kind}s: files, or sample:NAME"
            many: dict[str, Any] = {"nargs": "+", "action": "extend"} if slot.most > 1 else {}
            named, needed = slot.kind.upper(), slot.least > 0
            parser.add_argument(slot.flag, dest=slot.name, metavar=named, required=needed, help=help, **many)
    settings_file.add_flag(parser)
    flags.add_settings(parser, task.settings)


def add_overwrite(parser: flags.Parser) -> None:
    """Adds the flag that lets a training replace a model."""
    help = "replace the trained model that the folder holds"
    parser.add_argument("--overwrite", action="store_true", help=help)


def run(task: Task, arguments: argparse.Namespace) -> int:
    """Trains, saves the model's folder and tells the figures. Returns the exit code."""
    given = settings_file.under(flags.values(arguments), task, arguments)
    settings, machine = task.settings.parse(given), elsewhere.machine(arguments)
    named: dict[str, list[str]] = {}
    for slot in task.inputs:
        given = getattr(arguments, slot.name if slot.flag else "data")
        named[slot.name] = given if isinstance(given, list) else [given] if given else []
    out = outputs.checked(arguments.out, "model", [text for texts in named.values() for text in texts])
    inputs = {s.name: [machine.read(s, one) for one in named[s.name]] for s in task.inputs if named[s.name]}
    if not arguments.overwrite:
        outputs.check_model_is_kept(out, task.name, settings, inputs)
    machine.check(task.name, settings, inputs)
    if machine is HERE:
        run = checkpoints.find(task.name, settings, inputs)
        estimates.before(
            task, settings, inputs, arguments, arguments.resume is not False and run.folder.exists()
        )
        _join(arguments)
    machine.take_up(task.name, settings, inputs, arguments.resume, arguments.quiet)
    started = time.monotonic()
    try:
        with console.working(task.title, arguments) as progress:
            parallel.barrier()  # none may find a checkpoint that the first has yet to forget
            result = machine.run(task.name, settings, inputs, progress)
    except parallel.ProcessLost as error:
        parallel.leave(console.error(str(error)))
    if not parallel.is_first():
        return 0
    seconds = time.monotonic() - started
    keep.in_gallery(result, seconds)  # first: should it find no room at its place, it is not lost
    out = outputs.shown_place(outputs.save(result, out), arguments.out)
    if not arguments.quiet:
        numbers = [(k, v) for k, v in result.figures.items() if isinstance(v, int | float)]
        terminal.note(", ".join(f"{name} {amounts.number(value)}" for name, value in numbers))
    return console.tell(result, out, seconds, arguments)


def _join(arguments: argparse.Namespace) -> None:
    """Finds the other processes of this training; all but the first are silent from then on."""
    with contextlib.nullcontext() if arguments.verbose else terminal.muted():
        parallel.begin()
    arguments.quiet |= not parallel.is_first()
