"""`studio tune`: many short training runs with different settings; the best model is saved."""

from __future__ import annotations

import argparse
import json
from functools import partial
from typing import Any

from studio.cli import command_arguments, flags, running, train
from studio.core import amounts
from studio.core.errors import invalid
from studio.core.tasks import Goal, Result
from studio.core.weights import pretrained
from studio.run import terminal
from studio.run.machine import LOCAL
from studio.tune import RUN, selection
from studio.tune.settings import TuneSettings
from studio.tune.task import find_training_task, list_needed_weights

_SHOWN_TRIALS = 5  # number of the best trials to print


def add(commands: Any) -> None:
    """Adds the command."""
    parser = flags.add_command(commands, "tune", RUN.help, _run)
    command_arguments.allow_remote(parser)
    flags.add_positional_setting(parser, RUN.settings)
    parser.add_argument("data", metavar="DATA", help="training data: a text file for text, else images")
    flags.add_settings(parser, RUN.settings)
    parser.add_argument("-o", "--out", required=True, metavar="DIR", help="folder to save the best model in")
    train.add_overwrite(parser)


def _run(arguments: argparse.Namespace) -> int:
    settings = TuneSettings.parse(flags.given_settings(arguments))
    if settings.jobs > 1:
        step = "leave it out, or give several commands the same --name and --storage"
        raise invalid("--jobs", expected="1 in a command", received=settings.jobs, next_step=step)
    machine, slot = command_arguments.choose_machine(arguments), find_training_task(settings).inputs[0]
    if machine is not LOCAL and (settings.name or settings.storage):
        step = "leave them out: the other studio stores the search itself"
        raise invalid(
            "--name or --storage", expected="none for another machine", received="one", next_step=step
        )
    file_values: dict[str, list[str]] = {other.name: [] for other in RUN.inputs} | {
        slot.name: [arguments.data]
    }
    out = command_arguments.resolve_output("model", file_values, arguments)
    if machine is LOCAL and not arguments.quiet:
        _print_downloads(settings)
    report_more = partial(_print_trials, goal=find_training_task(settings).goal or Goal())
    return running.run(RUN, settings, file_values, out, arguments, machine, report_more)


def _print_downloads(settings: TuneSettings) -> None:
    """Prints which weights are downloaded before the first trial."""
    for status in map(pretrained.get_status, list_needed_weights(settings)):
        if not status.cached:
            terminal.print_note(f"{status.title}, which evaluates each model, is downloaded first.")


def _print_trials(result: Result, goal: Goal) -> None:
    """Prints the best trials, the metric, and the importance of settings."""
    figures = result.figures
    counts = [
        f"{figures[name]} {name.replace('_', ' ')}" for name in ("trials_ended", "stopped_early", "failed")
    ]
    terminal.print_note(", ".join(counts))
    terminal.print_note(f"The best by {goal.title_of(figures.get('measure'))}:")
    ended = [trial for trial in figures["trials"] if trial["state"] == "done"]
    best = figures["best_trial"]
    others = sorted(
        (t for t in ended if t["number"] != best), key=lambda trial: abs(trial["value"] - figures["best"])
    )
    first = [trial for trial in ended if trial["number"] == best]
    for trial in [*first, *others][:_SHOWN_TRIALS]:
        terminal.print_note(f"{amounts.format_number(trial['value'])}  {json.dumps(trial['settings'])}")
    terminal.print_note(selection.describe_selection(figures, goal))
    for name, share in figures.get("importance", {}).items():
        terminal.print_note(f"{name} explains {share:.0%} of the variance")
