"""Shelves: folders of saved models, one per user, with the former names of each model.

A renamed model is still found by its former names, so recipes, queued jobs and commands that use them keep
working. A removed model stays in the subfolder REMOVED_FOLDER of its shelf until it is restored or deleted.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter

from studio.core import owners, paths
from studio.core.models import model_folder, names

REMOVED_FOLDER = ".removed"
_FORMER_FILE = "former_names.json"
_NAME_LIST = TypeAdapter(list[str])
_MAX_FORMER = 100  # names; the oldest are dropped


def list_shelves() -> list[Path]:
    """Lists the shelves to search: the current user's, then the shared one."""
    shared_shelf, user = paths.ensure_folder("presets"), owners.get_current()
    return [shared_shelf] if user == owners.LOCAL else [owners.folder(user) / "presets", shared_shelf]


def list_model_names(shelf: Path) -> set[str]:
    """Lists the names of the models on a shelf, and restores models whose replacement was interrupted."""
    for old in shelf.glob(".old-*"):
        model_folder.restore_interrupted(old.with_name(old.name.removeprefix(".old-")))
    folder_names = (path.parent.name for path in shelf.glob(f"*/{model_folder.SETTINGS}"))
    # Some file systems store names in decomposed Unicode (NFD).
    return {
        name
        for folder_name in folder_names
        if names.is_name(name := unicodedata.normalize("NFC", folder_name))
    }


def find_folder(shelf: Path, name: str) -> Path:
    """Returns the folder of a model on a shelf, ignoring case and Unicode form."""
    if not (shelf / name).exists() and shelf.is_dir():
        target = names.fold_case(name)
        matches = (
            path for path in shelf.iterdir() if path.name[0] != "." and names.fold_case(path.name) == target
        )
        return next(matches, shelf / name)
    return shelf / name


def find_candidates(shelf: Path, name: str) -> Iterator[tuple[Path, str]]:
    """Yields the folders on a shelf that a name may refer to, each with the name as it is spelled there.

    First the model that has the name now, then those that had it before.
    """
    if not names.is_name(name):
        return
    current_folder = find_folder(shelf, name)
    model_folder.restore_interrupted(current_folder)
    if current_folder.is_dir():
        yield current_folder, unicodedata.normalize("NFC", current_folder.name)
    target = names.fold_case(name)
    for path in sorted(shelf.glob(f"*/{_FORMER_FILE}")):
        for former_name in read_former_names(path.parent):
            if names.fold_case(former_name) == target and path.parent != current_folder:
                yield path.parent, former_name


def read_former_names(folder: Path) -> list[str]:
    """Reads the former names of a model, the latest first; none if the file is damaged."""
    with suppress(OSError, paths.TooLarge, ValueError):
        entries = _NAME_LIST.validate_json(paths.read(folder / _FORMER_FILE, model_folder.MAX_TEXT_BYTES))
        return [name for name in entries if names.is_name(name)][:_MAX_FORMER]
    return []


def record_former_name(folder: Path, name: str, new_name: str) -> None:
    """Records a former name of a model that is about to be renamed.

    Args:
        folder: folder of the model.
        name: name so far.
        new_name: next name, which is no longer a former one.
    """
    dropped_names = {names.fold_case(name), names.fold_case(new_name)}
    earlier = [other for other in read_former_names(folder) if names.fold_case(other) not in dropped_names]
    history = earlier if names.fold_case(name) == names.fold_case(new_name) else [name, *earlier]
    paths.write(folder / _FORMER_FILE, json.dumps(history[:_MAX_FORMER], ensure_ascii=False).encode())
