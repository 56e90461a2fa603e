"""`studio models list|rename|remove`: manages trained models."""

from __future__ import annotations

import argparse
from typing import Any

from studio.cli import console, flags
from studio.core.errors import InvalidInput, StudioError
from studio.core.models import presets, user_models


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
    own_names = set(user_models.list_own())
    model_list = [{"name": name, "task": tasks.get(name, ""), "own": name in own_names} for name in names]
    width = max(map(len, names), default=0)
    lines = [f"{name.ljust(width)}  {tasks.get(name, '')}".rstrip() for name in names]
    note = "" if names else "There are no models. Train one with `studio train`."
    return console.print_output(arguments, {"models": model_list}, lines, note)


def _task_of(name: str) -> str:
    """Returns the name of a model's task, or "damaged" if the model cannot be read."""
    try:
        return presets.find(name).task
    except StudioError:
        return "damaged"


def _rename(arguments: argparse.Namespace) -> int:
    name = user_models.rename(arguments.name, arguments.to)
    return console.print_output(arguments, {"names": [name]}, [name])


def _remove(arguments: argparse.Namespace) -> int:
    if arguments.undo and arguments.for_good:
        raise InvalidInput("Use either `--undo` or `--for-good`. Leave one of them out.")
    names = list(dict.fromkeys(arguments.names))
    if arguments.for_good:
        for name in names:
            user_models.delete(name)
    else:
        change = user_models.restore if arguments.undo else user_models.remove
        names = [change(name) for name in names]
    is_removed = not (arguments.undo or arguments.for_good)
    note = "Removed. `studio models remove --undo NAME` restores a model." if is_removed else ""
    return console.print_output(arguments, {"names": names}, names, note)
