"""Parses a command's settings, inputs and machine; `studio --server URL COMMAND ...` uses another machine."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from studio.cli import flags
from studio.core.errors import InvalidInput
from studio.core.settings import Settings
from studio.core.tasks import Kind, Task
from studio.run import outputs, saved_settings
from studio.run.machine import LOCAL, Machine
from studio.run.request import SlotValues, separate_names

_REMOTE_DEFAULT = "elsewhere"  # default that marks commands that can run on another machine


def add_server_flags(parser: Any) -> None:
    """Adds the flags that come before a command."""
    help = "run the command on the studio at this address, e.g. http://box:8501"
    parser.add_argument("--server", metavar="URL", help=help)
    help = "API token of that studio, as `studio token` prints it there (default: STUDIO_SERVER_TOKEN)"
    parser.add_argument("--token", dest="server_token", metavar="TOKEN", help=help)


def allow_remote(parser: Any) -> None:
    """Marks a command that can run on another machine."""
    parser.set_defaults(**{_REMOTE_DEFAULT: True})


def check_server(arguments: argparse.Namespace) -> None:
    """Raises `InvalidInput` if `--server` is given to a command that can only run here."""
    if getattr(arguments, "server", None) and not getattr(arguments, _REMOTE_DEFAULT, False):
        raise InvalidInput(
            f"`{arguments.command}` works with what this machine has, so another one cannot do it. "
            "Leave `--server` out, or give the command on that machine."
        )


def choose_machine(arguments: argparse.Namespace) -> Machine:
    """Returns the machine that runs a command. Raises like `studio.run.remote.Remote`."""
    if not getattr(arguments, "server", None):
        return LOCAL
    from studio.run.remote import Remote  # loads modules that local work does not need

    return Remote(arguments.server, arguments.server_token or "")


def parse(task: Task, arguments: argparse.Namespace) -> tuple[Settings, SlotValues, dict[str, Any], Machine]:
    """Returns the settings, the names or paths of each slot's files, the user's values, and the machine."""
    target = choose_machine(arguments)
    slot_values = {slot.name: _as_list(getattr(arguments, slot.name, None)) for slot in task.inputs}
    user_set, file_values = separate_names(task, flags.given_settings(arguments), slot_values, target)
    if arguments.settings_file:  # flags override them, as do files given instead of a setting
        saved = saved_settings.load_values(task.name, arguments.settings_file)
        overridden = {slot.setting_of_names for slot in task.inputs if file_values[slot.name]}
        user_set = {name: value for name, value in saved.items() if name not in overridden} | user_set
    return task.settings.parse(user_set), file_values, user_set, target


def _as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


def resolve_output(
    kind: Kind, file_values: SlotValues, arguments: argparse.Namespace, more_endings: tuple[str, ...] = ()
) -> Path:
    """Returns the output path from `outputs.resolve_output`, which protects the inputs of the command."""
    return outputs.resolve_output(
        arguments.out, kind, [text for texts in file_values.values() for text in texts], more_endings
    )
