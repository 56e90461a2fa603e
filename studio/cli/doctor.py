"""`studio doctor`: one line for each thing the studio needs, with what to do where it is not well."""

from __future__ import annotations

import argparse
import contextlib
from dataclasses import asdict
from typing import Any

from studio.cli import console, flags
from studio.core.errors import Cancelled, sentence
from studio.core.machine import doctor_checks, speed

UNWELL = 1


def add(commands: Any) -> None:
    """Adds the command."""
    help = "check the installation and suggest fixes (exit code 1 on problems)"
    parser = flags.add_leaf(commands, "doctor", help, _run)
    parser.add_argument(
        "--benchmark", action="store_true", help="also measure how fast this machine is (takes a minute)"
    )


def _run(arguments: argparse.Namespace) -> int:
    seen = []
    for check in doctor_checks.checks():
        seen.append(check)
        if not arguments.json:
            remedy = f" {sentence(check.remedy)}" if check.remedy else ""
            console.say(f"{check.state:<8} {check.name}: {check.found}.{remedy}")
    timed = _timed(arguments) if arguments.benchmark else []
    well = all(check.state != "trouble" for check in seen)
    if arguments.json:
        told = {"seconds": {one.title: one.seconds for one in timed}} if arguments.benchmark else {}
        console.say_json({"well": well, "checks": [asdict(check) for check in seen], **told})
    return 0 if well else UNWELL


def _timed(arguments: argparse.Namespace) -> list[speed.Timed]:
    """Times this machine; stopped, it says what it has."""
    timed: list[speed.Timed] = []
    with console.working("Benchmark", arguments) as progress, contextlib.suppress(Cancelled):
        timed.extend(speed.measure(progress))
    if not arguments.json:
        for one in timed:
            shown = one.note if one.seconds is None else f"{one.seconds:.2f} s"
            console.say(f"{'speed':<8} {one.title}: {shown}.")
    return timed
