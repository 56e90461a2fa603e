"""Sweeps of commands: tries values of one or two settings, with all results on one sheet."""

from __future__ import annotations

from collections.abc import Sequence

from studio.cli import flags
from studio.core.errors import invalid
from studio.core.settings import Settings
from studio.core.tasks import Task
from studio.gallery.sweep_settings import SWEEP, SweepSettings
from studio.run.request import SlotValues


def add_flag(parser: flags.Parser) -> None:
    """Adds `--vary`."""
    help = (
        "try several values of a setting, NAME=A,B or NAME=LOW:HIGH:COUNT, and show all results in one grid; "
        "repeat for a second setting"
    )
    parser.add_argument("--vary", action="append", metavar="NAME=VALUES", help=help)


def make_sweep(
    task: Task, settings: Settings, file_values: SlotValues, vary: Sequence[str], out: str | None
) -> tuple[Task, Settings, dict[str, Sequence[str]]]:
    """Returns the sweep task, its settings, and the names or paths of the files of each of its slots.

    Args:
        task: task to sweep.
        settings: base settings of the task.
        file_values: names or paths of the files of each slot.
        vary: values of `--vary`.
        out: path of the sheet.

    Raises:
        InvalidInput: if there is no output path.
    """
    if out is None:
        raise invalid("output", expected="an image", received="none", next_step="name one with -o")
    sweep_settings = SweepSettings.parse(
        {"task": task.name, "base": settings.model_dump(mode="json"), "vary": list(vary)}
    )
    return SWEEP, sweep_settings, {slot.name: file_values.get(slot.name, []) for slot in SWEEP.inputs}
