"""`--settings FILE`: what a page has saved, or the recipe of a result; flags beside it count more."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import Any

from studio.core.tasks import Task
from studio.run import saved_settings

_HELP = "settings that a page has saved, by their name or file, or those of a result; flags count more"


def add_flag(parser: argparse.ArgumentParser) -> None:
    """Adds the flag."""
    parser.add_argument("--settings", dest="settings_file", metavar="FILE", help=_HELP)


def under(
    given: dict[str, Any], task: Task, arguments: argparse.Namespace, apart: Collection[str] = ()
) -> dict[str, Any]:
    """What was given by flags, upon what the settings file of a command says, if it names one.

    Args:
        given: settings by name.
        apart: those that the command's files stand in place of.
    """
    told = arguments.settings_file
    found = saved_settings.of_command(task.name, told) if told else {}
    return {name: value for name, value in found.items() if name not in apart} | given
