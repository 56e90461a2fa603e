"""`studio models list|rename|remove`: manages trained models."""

from __future__ import annotations

import argparse
from typing import Any

from studio.cli import console, flags
from studio.core.errors import InvalidInput, StudioError
from studio.core.models import presets, user_models
from studio.run import terminal


def add(commands: Any) -> None:
    """Adds the commands."""
    help = "list, rename and remove trained models"
    actions = flags.add_group(commands, "models", help, default="list", metavar="list|rename|remove")
    list_parser = flags.add_command(actions, "list", "list models and the tasks that made them", _list)
    list_parser.add_argument(
        "--removed", action="store_true", help="list removed models that can be restored"
    )
    rename = flags.add_command(actions, "rename", "rename a saved model", _rename)
    rename.add_argument("name", metavar="NAME", help="a name from `studio models list`")
    rename.add_argument("to", metavar="NEW", help="the new name; recipes still find the model by the old one")
    remove = flags.add_command(actions, "remove", "remove saved models", _remove)
    remove.add_argument("names", nargs="+", metavar="NAME", help="names from `studio models list`")
    remove.add_argument("--undo", action="store_true", help="restore removed models")
    remove.add_argument(
        "--for-good", action="store_true", help="delete removed models permanently; cannot be undone"
    )


def _list(arguments: argparse.Namespace) -> int:
    names = user_models.list_removed() if arguments.removed else presets.list_names()
    tasks = {} if arguments.removed else {name: _task_of(name) for name in names}
    if arguments.json:
        own_names = set(user_models.list_own())
        model_list = [
            {"name": name, "task": tasks.get(name, ""), "kept": name in own_names} for name in names
        ]
        console.print_json({"models": model_list})
        return 0
    width = max(map(len, names), default=0)
    for name in names:
        console.print_line(f"{name.ljust(width)}  {tasks.get(name, '')}".rstrip())
    if not names and not arguments.quiet:
        terminal.print_note("There are no models. Train one with `studio train`.")
    return 0


def _task_of(name: str) -> str:
    """Returns the name of a model's task, or "damaged" if the model cannot be read."""
    try:
        return presets.find(name).task
    except StudioError:
        return "damaged"


def _rename(arguments: argparse.Namespace) -> int:
    return _print_names([user_models.rename(arguments.name, arguments.to)], arguments)


def _remove(arguments: argparse.Namespace) -> int:
    if arguments.undo and arguments.for_good:
        raise InvalidInput("Use either `--undo` or `--for-good`. Leave one of them out.")
    names = list(dict.fromkeys(arguments.names))
    if arguments.for_good:
        for name in names:
            user_models.delete(name)
        return _print_names(names, arguments)
    change = user_models.restore if arguments.undo else user_models.remove
    _print_names([change(name) for name in names], arguments)
    if not (arguments.undo or arguments.quiet):
        terminal.print_note("Removed. `studio models remove --undo NAME` restores a model.")
    return 0


def _print_names(names: list[str], arguments: argparse.Namespace) -> int:
    if arguments.json:
        console.print_json({"names": names})
        return 0
    for name in names:
        console.print_line(name)
    return 0
