"""`studio doctor`: one line for each thing the studio needs, with what to do where it is not well."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from studio.cli import console, flags
from studio.core import health

UNWELL = 1


def add(commands: Any) -> None:
    """Adds the command."""
    flags.add_leaf(commands, "doctor", "look whether all is well, and say what to do (exit 1 if not)", _run)


def _run(arguments: argparse.Namespace) -> int:
    seen = []
    for check in health.checks():
        seen.append(check)
        if not arguments.json:
            remedy = f"  Next: {check.remedy}." if check.remedy else ""
            console.say(f"{check.state:<8} {check.name}: {check.found}.{remedy}")
    well = all(check.state != "trouble" for check in seen)
    if arguments.json:
        console.say_json({"well": well, "checks": [asdict(check) for check in seen]})
    return 0 if well else UNWELL
