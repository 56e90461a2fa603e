"""Where kept models are: a folder each on the shelf of whoever kept it, with the names that it had before.

A model that was renamed is still found by what it was called, so that recipes, waiting jobs and commands that
name it continue working. One that was removed lies in BIN on its shelf until it is brought back, or goes.
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

BIN = ".removed"
_FORMER = "former_names.json"
_FORMER_NAMES = TypeAdapter(list[str])
_MOST_FORMER = 100  # names; the oldest give way


def shelves() -> list[Path]:
    """Where presets are kept: the own of whoever asks, then those for all."""
    everybody, asker = paths.folder("presets"), owners.asker()
    return [everybody] if asker == owners.LOCAL else [owners.folder(asker) / "presets", everybody]


def on(shelf: Path) -> set[str]:
    """The names of the models on a shelf."""
    for old in shelf.glob(".old-*"):
        model_folder.restore_interrupted(old.with_name(old.name.removeprefix(".old-")))
    there = (path.parent.name for path in shelf.glob(f"*/{model_folder.SETTINGS}"))
    # Some disks take letters apart.
    return {name for one in there if names.is_name(name := unicodedata.normalize("NFC", one))}


def spelled(shelf: Path, name: str) -> Path:
    """The folder of a model on a shelf, whatever capitals it was kept with."""
    if not (shelf / name).exists() and shelf.is_dir():
        meant = names.folded(name)
        same = (path for path in shelf.iterdir() if path.name[0] != "." and names.folded(path.name) == meant)
        return next(same, shelf / name)
    return shelf / name


def found(shelf: Path, name: str) -> Iterator[tuple[Path, str]]:
    """The folders on a shelf that a name may mean, each with the name as it is written there.

    First the one that has it now, then those that had it before.
    """
    if not names.is_name(name):
        return
    own = spelled(shelf, name)
    model_folder.restore_interrupted(own)
    if own.is_dir():
        yield own, unicodedata.normalize("NFC", own.name)
    meant = names.folded(name)
    for path in sorted(shelf.glob(f"*/{_FORMER}")):
        for had in former(path.parent):
            if names.folded(had) == meant and path.parent != own:
                yield path.parent, had


def former(folder: Path) -> list[str]:
    """The names that a model had before, the last one first; none where that file is damaged."""
    with suppress(OSError, paths.TooLarge, ValueError):
        told = _FORMER_NAMES.validate_json(paths.read(folder / _FORMER, model_folder.MOST_TEXT))
        return [name for name in told if names.is_name(name)][:_MOST_FORMER]
    return []


def note(folder: Path, name: str, now: str) -> None:
    """Notes that a model had a name before, which is about to be called otherwise."""
    had = [name, *(one for one in former(folder) if names.folded(one) != names.folded(name))]
    had = [one for one in had if names.folded(one) != names.folded(now)]
    paths.write(folder / _FORMER, json.dumps(had[:_MOST_FORMER], ensure_ascii=False).encode())
