"""`studio completion SHELL`: prints a script that completes commands, flags and file names."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

from studio.cli import console, flags
from studio.core.errors import unknown

SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")


def add(commands: Any, build_parser: Callable[[], argparse.ArgumentParser]) -> None:
    """Adds the command.

    Args:
        commands: subparsers of `studio`.
        build_parser: returns the parser whose commands are completed.
    """
    help = "print a script that completes commands in your shell"
    parser = flags.add_command(commands, "completion", help, partial(_run, build_parser))
    parser.add_argument("shell", metavar="SHELL", help=f"{', '.join(SHELLS[:-1])} or {SHELLS[-1]}")


def _run(build_parser: Callable[[], argparse.ArgumentParser], arguments: argparse.Namespace) -> int:
    if arguments.shell not in SHELLS:
        raise unknown("shell", arguments.shell, SHELLS)
    import shtab  # takes longer to load than most commands

    parser = build_parser()
    _complete_file_names(parser, shtab.FILE)
    console.print_line(shtab.complete(parser, arguments.shell))
    return 0


def _complete_file_names(parser: argparse.ArgumentParser, file: Any) -> None:
    """Marks all arguments with free text for file names, as most of them are."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _complete_file_names(command, file)
        elif action.nargs != 0 and action.type is None and not action.choices:
            action.complete = file  # type: ignore[attr-defined]
