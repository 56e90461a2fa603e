"""Settings that a user saves under a name, to choose them again: each is a recipe that names no input.

`STUDIO_HOME/settings/TASK/NAME.json`, or the same below the folder of an owner. A page reads such a file, and
a command by `--settings`; both take the recipe of a result, too, without its inputs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.core import owners, paths, recipes, tasks
from studio.core.errors import invalid, printable
from studio.core.imaging import image_io
from studio.core.models import names
from studio.core.settings import Settings

MOST = 100  # of a task
_ENDING = ".json"


def save(task: str, name: str, settings: Settings) -> str:
    """Saves settings for whoever asks; those that have the name already give way. Returns the name.

    Raises:
        InvalidInput: if nothing can be called so, or there are MOST already.
        NoRoom: if the disk is full.
    """
    name = names.checked(name)
    path = _path(task, name)
    if not path.exists() and len(saved(task)) >= MOST:
        step = "remove some that you no longer need"
        raise invalid(
            "settings", expected=f"at most {MOST} saved ones of a page", received="more", next_step=step
        )
    path.unlink(missing_ok=True)  # it may be written with other capitals
    paths.write(path.with_name(name + _ENDING), to_json(task, settings).encode())
    return name


def saved(task: str) -> list[str]:
    """The names of what was saved of a task by whoever asks, in alphabetical order."""
    found = (path.name.removesuffix(_ENDING) for path in _folder(task).glob(f"*{_ENDING}"))
    return sorted(filter(names.is_name, found), key=names.folded)


def load(task: str, name: str) -> Settings:
    """What was saved under a name.

    Raises:
        InvalidInput: if there is none, or its file was changed and cannot be read.
    """
    if not names.is_name(name) or not (path := _path(task, name)).exists():
        known = _or_one_of(saved(task))
        raise invalid(
            "settings",
            expected=f"a file that the studio saved{known}",
            received=name,
        )
    return read(_bytes(path), task)


def remove(task: str, name: str) -> None:
    """Removes what was saved under a name, if it is there."""
    if names.is_name(name):
        _path(task, name).unlink(missing_ok=True)


def to_json(task: str, settings: Settings) -> str:
    """Settings as the text of a file that can be given to others."""
    values = settings.portable(settings.model_dump(mode="json"))
    told = {"version": recipes.VERSION, "task": task, "settings": values}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def read(data: bytes, task: str) -> Settings:
    """The settings in a file: one that was saved, or the recipe of a result, in a PNG or next to another
    file.

    Nothing in it is run, opened or fetched.

    Raises:
        InvalidInput: if it is no such file, of another task, or has settings that this task does not take.
    """
    recipe = recipes.read(data)
    if recipe.task != task:
        theirs = tasks.get(recipe.task).title if recipe.task in tasks.TASKS else recipe.task
        raise invalid(
            "settings",
            expected=f"those of {tasks.get(task).title}",
            received=f"those of {printable(theirs, 60)}",
            next_step="choose a file that was saved here, or open the page of that one",
        )
    return recipe.checked_settings()


def of_command(task: str, told: str) -> dict[str, Any]:
    """The settings, but for those at their default, of a file or of the name under which a page saved them.

    Raises:
        InvalidInput: as `read`, or if there is neither such a file nor such a name.
    """
    path = paths.expand_user(told)
    found = read(_bytes(path), task) if paths.is_there(path) else load(task, told)
    return found.portable(found.model_dump(exclude_defaults=True))


def _or_one_of(known: Sequence[str]) -> str:
    """The end of a sentence that names what was saved: ", or one of soft, loud"; "" for nothing."""
    return f", or one of {', '.join(known)}" if known else ""


def _bytes(path: Path) -> bytes:
    try:
        return paths.read(path, image_io.MOST_BYTES)
    except (OSError, ValueError, paths.TooLarge) as error:
        received = "a larger one" if isinstance(error, paths.TooLarge) else "none that can be read"
        raise invalid(
            f"settings file {printable(path.name, 60)}",
            expected="a file that the studio saved",
            received=received,
            next_step="check the path",
        ) from None


def _folder(task: str) -> Path:
    return owners.home(owners.asker()) / "settings" / task


def _path(task: str, name: str) -> Path:
    """The file of a name, whatever capitals it was saved with."""
    same = (one for one in saved(task) if names.folded(one) == names.folded(name))
    return _folder(task) / f"{next(same, name)}{_ENDING}"
