"""Renames, removes and restores the models that the current user saved.

References to a model still resolve by its former names; a reference to a removed model says so.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from studio.core import paths
from studio.core.errors import InvalidInput, Unavailable, make_printable
from studio.core.models import model_folder, names, presets, shelves


def list_own() -> list[str]:
    """Lists the sorted names of the models that the current user saved."""
    return sorted(shelves.list_model_names(_own_shelf()))


def check_free(name: str, except_for: str = "") -> None:
    """Checks that no model visible to the current user has a name, ignoring case and Unicode form.

    Args:
        name: name to check.
        except_for: name of a model that may have it.

    Raises:
        InvalidInput: if another model has the name.
    """
    matches = [
        other
        for other in presets.list_names()
        if other != except_for and names.fold_case(other) == names.fold_case(name)
    ]
    if matches:
        raise InvalidInput(f"There is a model named {matches[0]} already. Choose another name.")


def suggest_free_name(text: str) -> str:
    """Returns a valid name made from any text that no visible model has: "cats", "cats 2"; "" without one.

    Args:
        text: any text, such as a file name.
    """
    name = names.suggest(text)
    return _add_number(name, presets.list_names()) if name else ""


def rename(name: str, new_name: str) -> str:
    """Renames a model; recipes and jobs that use its former name still find it.

    Returns:
        The new name.

    Raises:
        Unavailable: if the current user has not saved such a model.
        InvalidInput: if the new name is not valid, or another model has it.
    """
    folder, new_name = _find_folder(_own_shelf(), name), names.validate(new_name)
    if new_name == folder.name:
        return new_name
    check_free(new_name, except_for=folder.name)
    shelves.record_former_name(folder, folder.name, new_name)
    _move_folder(folder, folder.with_name(new_name))
    return new_name


def remove(name: str) -> str:
    """Moves a model to the removed models. Returns the name under which `restore` finds it.

    Raises:
        Unavailable: if the current user has not saved such a model.
    """
    folder, removed_shelf = _find_folder(_own_shelf(), name), paths.make_folder(_removed_shelf())
    new_name = _add_number(folder.name, shelves.list_model_names(removed_shelf))
    if new_name != folder.name:
        shelves.record_former_name(folder, folder.name, new_name)
    _move_folder(folder, removed_shelf / new_name)
    os.utime(removed_shelf / new_name, ns=(now := time.time_ns(), now))
    return new_name


def list_removed() -> list[str]:
    """Lists the names of the models that can be restored, the last removed first."""
    shelf = _removed_shelf()
    return sorted(
        shelves.list_model_names(shelf), key=lambda name: -shelves.find_folder(shelf, name).stat().st_mtime_ns
    )


def restore(name: str) -> str:
    """Restores a removed model. Returns its name.

    Raises:
        Unavailable: if it is not among the removed models.
        InvalidInput: if another model has its name now.
    """
    folder = _find_folder(_removed_shelf(), name)
    check_free(folder.name)
    _move_folder(folder, _own_shelf() / folder.name)
    return folder.name


def delete(name: str) -> None:
    """Deletes a removed model for good. Raises `Unavailable` if it is not among the removed models."""
    folder = _find_folder(_removed_shelf(), name)
    with model_folder.lock(folder):
        shutil.rmtree(folder, ignore_errors=True)


def _add_number(name: str, taken_names: Iterable[str]) -> str:
    """Returns a name, with the lowest number from 2 that makes it free if it is taken."""
    taken, free_name, number = {names.fold_case(other) for other in taken_names}, name, 1
    while names.fold_case(free_name) in taken:
        number += 1
        free_name = f"{name[: names.MAX_CHARACTERS - 5].strip()} {number}"
    return free_name


def _own_shelf() -> Path:
    return shelves.list_shelves()[0]


def _removed_shelf() -> Path:
    return _own_shelf() / shelves.REMOVED_FOLDER


def _find_folder(shelf: Path, name: str) -> Path:
    """Returns the folder of the model that has a name now. Raises `Unavailable` if there is none."""
    # A name that is too long would make the file system fail.
    folder = shelves.find_folder(shelf, name) if names.is_name(name) else None
    if folder is None or not folder.is_dir():
        description = "that were removed" if shelf == _removed_shelf() else "that you have saved"
        available = ", ".join(sorted(shelves.list_model_names(shelf))) or "none"
        raise Unavailable(
            f"{make_printable(name, 60)} is not among the models {description} ({available}). "
            "Choose one of those."
        )
    return folder


def _move_folder(folder: Path, target: Path) -> None:
    """Moves the folder of a model in one step.

    Raises:
        Unavailable: if the folder is gone.
        InvalidInput: if the target exists.
    """
    first, second = sorted((folder, target))  # a fixed lock order prevents deadlocks
    with model_folder.lock(first), model_folder.lock(second):
        try:
            folder.rename(target)
        except FileNotFoundError:
            raise Unavailable(f"The model {folder.name} is no longer here. Reload the list.") from None
        except OSError:  # another process just saved a model there
            raise InvalidInput(
                f"There is a model named {target.name} already. Choose another name."
            ) from None
