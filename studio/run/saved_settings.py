"""Settings that a user saves under a name; each file is a recipe without inputs.

The path is `settings/TASK/NAME.json` in `STUDIO_HOME` or in the folder of an owner. Pages read such a file,
and commands by `--settings`; both also accept the recipe of a result and ignore its inputs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.core import owners, paths, recipes, tasks
from studio.core.errors import invalid, make_printable
from studio.core.imaging import image_io
from studio.core.models import names
from studio.core.settings import Settings

MAX_SAVED = 100  # saved settings per task
_ENDING = ".json"


def save(task: str, name: str, settings: Settings) -> str:
    """Saves settings for the current user, replacing those of the same name. Returns the validated name.

    Raises:
        InvalidInput: if the name is not valid, or there are MAX_SAVED already.
        InsufficientSpace: if the disk is full.
    """
    name = names.validate(name)
    path = _settings_path(task, name)
    if not path.exists() and len(list_names(task)) >= MAX_SAVED:
        step = "remove some that you no longer need"
        raise invalid(
            "settings", expected=f"at most {MAX_SAVED} saved ones of a page", received="more", next_step=step
        )
    path.unlink(missing_ok=True)  # its name may differ in case
    paths.write(path.with_name(name + _ENDING), to_json(task, settings).encode())
    return name


def list_names(task: str) -> list[str]:
    """Returns the names of the current user's saved settings of a task, in alphabetical order."""
    file_names = (path.name.removesuffix(_ENDING) for path in _settings_folder(task).glob(f"*{_ENDING}"))
    return sorted(filter(names.is_name, file_names), key=names.fold_case)


def load(task: str, name: str) -> Settings:
    """Loads saved settings.

    Raises:
        InvalidInput: if there are none of that name, or the file was changed and cannot be read.
    """
    if not names.is_name(name) or not (path := _settings_path(task, name)).exists():
        alternatives = _format_alternatives(list_names(task))
        raise invalid(
            "settings",
            expected=f"a file that the studio saved{alternatives}",
            received=name,
        )
    return read(_read_bytes(path), task)


def remove(task: str, name: str) -> None:
    """Removes saved settings, if they exist."""
    if names.is_name(name):
        _settings_path(task, name).unlink(missing_ok=True)


def to_json(task: str, settings: Settings) -> str:
    """Returns settings as the JSON of a file that can be shared."""
    values = settings.drop_local_only(settings.model_dump(mode="json"))
    data = {"version": recipes.VERSION, "task": task, "settings": values}
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def read(data: bytes, task: str) -> Settings:
    """Reads the settings in saved settings or in a recipe, which may be inside a PNG.

    Never runs, opens or downloads anything that the file names.

    Raises:
        InvalidInput: if it is another kind of file or of another task, or a setting is not valid.
    """
    recipe = recipes.read(data)
    if recipe.task != task:
        other = tasks.get(recipe.task).title if recipe.task in tasks.TASKS else recipe.task
        raise invalid(
            "settings",
            expected=f"those of {tasks.get(task).title}",
            received=f"those of {make_printable(other, 60)}",
            next_step="choose a file that was saved here, or open the page of that one",
        )
    return recipe.parse_settings()


def load_values(task: str, source: str) -> dict[str, Any]:
    """Returns the values of settings that differ from the defaults.

    Args:
        task: name of the task.
        source: path of a file, or the name of saved settings.

    Raises:
        InvalidInput: if there is neither such a file nor such a name, or it cannot be read.
    """
    path = paths.expand_user(source)
    settings = read(_read_bytes(path), task) if paths.path_exists(path) else load(task, source)
    return settings.drop_local_only(settings.model_dump(exclude_defaults=True))


def _format_alternatives(setting_names: Sequence[str]) -> str:
    """Returns the end of a sentence with the names: ", or one of soft, loud"; "" for none."""
    return f", or one of {', '.join(setting_names)}" if setting_names else ""


def _read_bytes(path: Path) -> bytes:
    try:
        return paths.read(path, image_io.MAX_BYTES)
    except (OSError, ValueError, paths.TooLarge) as error:
        received = "a larger one" if isinstance(error, paths.TooLarge) else "none that can be read"
        raise invalid(
            f"settings file {make_printable(path.name, 60)}",
            expected="a file that the studio saved",
            received=received,
            next_step="check the path",
        ) from None


def _settings_folder(task: str) -> Path:
    return owners.home_of(owners.get_current()) / "settings" / task


def _settings_path(task: str, name: str) -> Path:
    """Returns the file of a name; letter case does not matter."""
    names_with_other_case = (
        other for other in list_names(task) if names.fold_case(other) == names.fold_case(name)
    )
    return _settings_folder(task) / f"{next(names_with_other_case, name)}{_ENDING}"
