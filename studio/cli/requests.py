"""What a command asks for, and of which machine: `studio --server URL COMMAND ...` asks another."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from studio.cli import flags
from studio.core.errors import InvalidInput
from studio.core.settings import Settings
from studio.core.tasks import Kind, Task
from studio.run import outputs, saved_settings
from studio.run.machine import HERE, Machine
from studio.run.request import Words, sort

_CAN = "elsewhere"  # set by commands whose work another machine can do


def add_server(parser: Any) -> None:
    """Adds what stands before a command."""
    help = "run the command on the studio at this address, e.g. http://box:8501"
    parser.add_argument("--server", metavar="URL", help=help)
    help = "API token of that studio, as `studio token` prints it there (default: STUDIO_SERVER_TOKEN)"
    parser.add_argument("--token", dest="server_token", metavar="TOKEN", help=help)


def allow_elsewhere(parser: Any) -> None:
    """Says that another machine can do the work of a command."""
    parser.set_defaults(**{_CAN: True})


def check_server(arguments: argparse.Namespace) -> None:
    """Raises `InvalidInput` if another machine is named to a command that it cannot do."""
    if getattr(arguments, "server", None) and not getattr(arguments, _CAN, False):
        raise InvalidInput(
            f"`{arguments.command}` works with what this machine has, so another one cannot do it. "
            "Leave `--server` out, or give the command on that machine."
        )


def machine(arguments: argparse.Namespace) -> Machine:
    """Where the work of a command is done. Raises as `studio.run.remote.Remote`."""
    if not getattr(arguments, "server", None):
        return HERE
    from studio.run.remote import Remote  # which loads what nobody needs who works here

    return Remote(arguments.server, arguments.server_token or "")


def parse(task: Task, arguments: argparse.Namespace) -> tuple[Settings, Words, dict[str, Any], Machine]:
    """The settings, the words for files, the settings that the user chose, and the machine of a command."""
    where = machine(arguments)
    words = {slot.name: _listed(getattr(arguments, slot.name, None)) for slot in task.inputs}
    chosen, named = sort(task, flags.values(arguments), words, where)
    if arguments.settings_file:  # flags count more, and files that stand in place of a setting
        saved = saved_settings.of_command(task.name, arguments.settings_file)
        replaced = {slot.instead for slot in task.inputs if named[slot.name]}
        chosen = {name: value for name, value in saved.items() if name not in replaced} | chosen
    return task.settings.parse(chosen), named, chosen, where


def _listed(words: Any) -> list[str]:
    return words if isinstance(words, list) else [words] if words else []


def place(kind: Kind, named: Words, arguments: argparse.Namespace, also: tuple[str, ...] = ()) -> Path:
    """Where the result goes, as `outputs.checked`: over nothing that the command was given."""
    return outputs.checked(arguments.out, kind, [text for texts in named.values() for text in texts], also)
