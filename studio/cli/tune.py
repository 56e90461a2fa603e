"""`studio tune`: many short training runs with different settings; the best model is saved."""

from __future__ import annotations

import argparse
import json
from functools import partial
from typing import Any

from studio.cli import flags, requests, running, train
from studio.core import amounts
from studio.core.errors import invalid
from studio.core.tasks import Goal, Result
from studio.core.weights import pretrained
from studio.run import terminal
from studio.run.machine import HERE
from studio.tune import RUN, selection
from studio.tune.settings import TuneSettings
from studio.tune.task import trained, weights_of

_SHOWN = 5  # of the best trials


def add(commands: Any) -> None:
    """Adds the command."""
    parser = flags.add_leaf(commands, "tune", RUN.help, _run)
    requests.allow_elsewhere(parser)
    flags.add_first_word(parser, RUN.settings)
    parser.add_argument("data", metavar="DATA", help="training data: a text file for text, else images")
    flags.add_settings(parser, RUN.settings)
    parser.add_argument("-o", "--out", required=True, metavar="DIR", help="folder to save the best model in")
    train.add_overwrite(parser)


def _run(arguments: argparse.Namespace) -> int:
    settings = TuneSettings.parse(flags.values(arguments))
    if settings.jobs > 1:
        step = "leave it out, or give several commands the same --name and --storage"
        raise invalid("--jobs", expected="1 in a command", received=settings.jobs, next_step=step)
    machine, slot = requests.machine(arguments), trained(settings).inputs[0]
    if machine is not HERE and (settings.name or settings.storage):
        step = "leave them out: the other studio stores the search itself"
        raise invalid(
            "--name or --storage", expected="none for another machine", received="one", next_step=step
        )
    named: dict[str, list[str]] = {one.name: [] for one in RUN.inputs} | {slot.name: [arguments.data]}
    out = requests.place("model", named, arguments)
    if machine is HERE and not arguments.quiet:
        _tell_fetches(settings)
    tell = partial(_tell, goal=trained(settings).goal or Goal())
    return running.run(RUN, settings, named, out, arguments, machine, tell)


def _tell_fetches(settings: TuneSettings) -> None:
    """Which weights come before the first training."""
    for found in map(pretrained.status, weights_of(settings)):
        if not found.cached:
            terminal.note(f"{found.title}, which evaluates each model, is downloaded first.")


def _tell(result: Result, goal: Goal) -> None:
    """The best trials, by what they were measured, and which settings mattered."""
    figures = result.figures
    counts = [
        f"{figures[name]} {name.replace('_', ' ')}" for name in ("trials_ended", "stopped_early", "failed")
    ]
    terminal.note(", ".join(counts))
    terminal.note(f"The best by {goal.called(figures.get('measure'))}:")
    ended = [trial for trial in figures["trials"] if trial["state"] == "done"]
    best = figures["best_trial"]
    others = sorted(
        (t for t in ended if t["number"] != best), key=lambda t: abs(t["value"] - figures["best"])
    )
    first = [trial for trial in ended if trial["number"] == best]
    for trial in [*first, *others][:_SHOWN]:
        terminal.note(f"{amounts.number(trial['value'])}  {json.dumps(trial['settings'])}")
    terminal.note(selection.sentence(figures, goal))
    for name, share in figures.get("importance", {}).items():
        terminal.note(f"{name} explains {share:.0%} of the variance")
