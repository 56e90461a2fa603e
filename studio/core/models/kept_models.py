"""The models that whoever asks has kept: renamed, removed, brought back; no others.

What names a model continues finding it by the names that it had; of one that was removed it says so.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from studio.core import paths
from studio.core.errors import InvalidInput, Unavailable, printable
from studio.core.models import model_folder, names, presets, shelves


def mine() -> list[str]:
    """Their names."""
    return sorted(shelves.on(_shelf()))


def check_free(name: str, but: str = "") -> None:
    """Raises `InvalidInput` if a model that whoever asks can see has a name, in any spelling.

    Args:
        but: the name of one that may have it.
    """
    there = [one for one in presets.names() if one != but and names.folded(one) == names.folded(name)]
    if there:
        raise InvalidInput(f"There is a model named {there[0]} already. Choose another name.")


def rename(name: str, to: str) -> str:
    """Gives a model another name; recipes and jobs that name it by the one before still find it.

    Returns:
        The name that it has now.

    Raises:
        Unavailable: if it is not among those that whoever asks has kept.
        InvalidInput: if nothing can be called so, or another model is.
    """
    folder, to = _found(_shelf(), name), names.checked(to)
    if to == folder.name:
        return to
    check_free(to, but=folder.name)
    shelves.note(folder, folder.name, to)
    _move(folder, folder.with_name(to))
    return to


def remove(name: str) -> str:
    """Takes a model away, until it is brought back. Returns the name under which `restore` finds it.

    Raises:
        Unavailable: if it is not among those that whoever asks has kept.
    """
    folder, place = _found(_shelf(), name), paths.make(_bin())
    there, called, number = {names.folded(one) for one in shelves.on(place)}, folder.name, 1
    while names.folded(called) in there:
        number += 1
        called = f"{folder.name[: names.MOST - 5].strip()} {number}"
    if called != folder.name:
        shelves.note(folder, folder.name, called)
    _move(folder, place / called)
    os.utime(place / called, ns=(now := time.time_ns(), now))
    return called


def removed() -> list[str]:
    """The names of those that can be brought back, the last removed first."""
    place = _bin()
    return sorted(shelves.on(place), key=lambda name: -shelves.spelled(place, name).stat().st_mtime_ns)


def restore(name: str) -> str:
    """Brings a removed model back. Returns its name.

    Raises:
        Unavailable: if it is not among the removed ones.
        InvalidInput: if another model has its name now.
    """
    folder = _found(_bin(), name)
    check_free(folder.name)
    _move(folder, _shelf() / folder.name)
    return folder.name


def forget(name: str) -> None:
    """Removes a removed model for good. Raises `Unavailable` if it is not among the removed ones."""
    folder = _found(_bin(), name)
    with model_folder.held(folder):
        shutil.rmtree(folder, ignore_errors=True)


def _shelf() -> Path:
    return shelves.shelves()[0]


def _bin() -> Path:
    return _shelf() / shelves.BIN


def _found(place: Path, name: str) -> Path:
    """The folder of the model that has a name now. Raises `Unavailable` without one."""
    folder = shelves.spelled(place, name) if names.is_name(name) else None  # no disk takes longer names
    if folder is None or not folder.is_dir():
        which = "that were removed" if place == _bin() else "that you have saved"
        there = ", ".join(sorted(shelves.on(place))) or "none"
        raise Unavailable(
            f"{printable(name, 60)} is not among the models {which} ({there}). Choose one of those."
        )
    return folder


def _move(folder: Path, place: Path) -> None:
    """Moves a model as a whole, or not at all."""
    first, second = sorted((folder, place))  # in one order, so that no two wait for each other
    with model_folder.held(first), model_folder.held(second):
        try:
            folder.rename(place)
        except FileNotFoundError:
            raise Unavailable(f"The model {folder.name} is no longer here. Reload the list.") from None
        except OSError:  # one was saved there just now
            raise InvalidInput(f"There is a model named {place.name} already. Choose another name.") from None
