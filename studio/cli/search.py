"""`studio search`: many short trainings with different settings; the best model is saved."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from typing import Any

from studio.cli import console, elsewhere, estimates, flags, train
from studio.core import amounts
from studio.core.errors import invalid
from studio.core.tasks import Goal
from studio.core.weights import pretrained
from studio.run import keep, outputs, terminal
from studio.run.machine import HERE
from studio.search import RUN, selection
from studio.search.settings import SearchSettings
from studio.search.task import trained, weights_of

_SHOWN = 5  # of the best trials


def add(commands: Any) -> None:
    """Adds the command."""
    parser = flags.add_leaf(commands, "search", RUN.help, _run)
    elsewhere.allow(parser)
    flags.add_first_word(parser, RUN.settings)
    parser.add_argument("data", metavar="DATA", help="a text file for text, else pictures")
    flags.add_settings(parser, RUN.settings)
    parser.add_argument("-o", "--out", required=True, metavar="DIR", help="the folder of the best model")
    train.add_overwrite(parser)


def _run(arguments: argparse.Namespace) -> int:
    settings = SearchSettings.parse(flags.values(arguments))
    if settings.jobs > 1:
        step = "leave it out, or give several commands the same --name and --storage"
        raise invalid("--jobs", expected="1 in a command", received=settings.jobs, next_step=step)
    machine, slot = elsewhere.machine(arguments), trained(settings).inputs[0]
    if machine is not HERE and (settings.name or settings.storage):
        step = "leave them out: the studio there notes the search itself"
        raise invalid(
            "--name or --storage", expected="none for another machine", received="one", next_step=step
        )
    out = outputs.checked(arguments.out, "model", [arguments.data])
    inputs = {slot.name: [machine.read(slot, arguments.data)]}
    if not arguments.overwrite:
        outputs.check_model_is_kept(out, RUN.name, settings, inputs)
    machine.check(RUN.name, settings, inputs)
    if machine is HERE:
        estimates.before(RUN, settings, inputs, arguments)
        if not arguments.quiet:
            _tell_fetches(settings)
    started = time.monotonic()
    with console.working(RUN.title, arguments) as progress:
        result = machine.run(RUN.name, settings, inputs, progress)
    seconds = time.monotonic() - started
    keep.in_gallery(result, seconds)
    out = outputs.shown_place(outputs.save(result, out), arguments.out)
    if not arguments.quiet:
        _tell(result.figures, trained(settings).goal or Goal())
    return console.tell(result, out, seconds, arguments)


def _tell_fetches(settings: SearchSettings) -> None:
    """Which weights come before the first training."""
    for found in map(pretrained.status, weights_of(settings)):
        if not found.cached:
            terminal.note(f"{found.title}, which tells how good each model is, is fetched first.")


def _tell(figures: Mapping[str, Any], goal: Goal) -> None:
    """The best trials, by what they were measured, and which settings mattered."""
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
        terminal.note(f"{name} explains {share:.0%} of the differences")
