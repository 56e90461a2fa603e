"""Protects files that a result must not replace: its inputs, and files that the studio did not write."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from studio.core import paths, recipes
from studio.core.errors import InvalidInput, invalid, make_printable


class ProtectedInputs:
    """The input files and folders of a result.

    Args:
        sources: inputs as the user wrote them; those that are not paths, such as `sample:NAME`, are ignored.
    """

    def __init__(self, sources: Iterable[str]):
        originals = [path for path in map(paths.expand_user, sources) if paths.path_exists(path)]
        named_paths = [path for path in originals if path.name]  # `.` has no name, so no recipe is next to it
        sidecars = [path for path in map(sidecar, named_paths) if paths.path_exists(path)]
        self._files = {_read_file_identity(path) for path in (*originals, *sidecars)}
        self._folders = [path.resolve() for path in originals if path.is_dir()]

    def check(self, path: Path, label: str, is_folder: bool = False) -> None:
        """Raises `InvalidInput` if a result at this path, or its recipe next to it, would replace an input.

        Args:
            path: absolute, with links followed.
            label: name of the output in errors.
            is_folder: whether the result is a folder, which may be inside an input folder.
        """
        existing = [file for file in (path, sidecar(path)) if paths.path_exists(file)]
        received = (
            "one of the inputs" if any(_read_file_identity(file) in self._files for file in existing) else ""
        )
        if existing and not is_folder and any(path.is_relative_to(folder) for folder in self._folders):
            received = received or "a file in one of the inputs"
        if received:
            step = "choose another name, so that the original stays"
            raise invalid(label, expected="a new file", received=received, next_step=step)


def _read_file_identity(path: Path) -> tuple[int, int]:
    """Returns device and inode, which are equal for links and for names that differ only in case."""
    status = path.stat()
    return status.st_dev, status.st_ino


def sidecar(path: Path) -> Path:
    """Returns the path of the recipe of a file that cannot contain one: `NAME.EXT.json`."""
    return path.with_name(path.name + ".json")


def check_sidecar(path: Path, label: str) -> None:
    """Raises `InvalidInput` if the path of the recipe has a file that is not a recipe."""
    recipe_path = sidecar(path)
    if path.suffix.lower() == ".png" or not os.path.lexists(recipe_path):
        return
    try:
        data = b"" if recipe_path.is_symlink() else paths.read(recipe_path, recipes.MAX_BYTES)
        if not data.lstrip().startswith(b"{"):  # an image that contains a recipe is the user's
            raise InvalidInput("It is none.")
        recipes.read(data)
    except (OSError, paths.TooLarge, InvalidInput):
        expected, step = (
            f"a free place for its recipe, {make_printable(recipe_path.name, 100)}",
            "choose another name",
        )
        raise invalid(label, expected=expected, received="another file there", next_step=step) from None


def find_free_path(path: Path) -> Path:
    """Returns a path that is free, as is that of its recipe: `stem.png`, else `stem-2.png`, ..."""
    candidate, number = path, 1
    while os.path.lexists(candidate) or os.path.lexists(sidecar(candidate)):
        number += 1
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return candidate
