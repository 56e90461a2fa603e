"""What a result must not replace: what it is made from, and files next to it that the studio did not
write.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from studio.core import paths, recipes
from studio.core.errors import InvalidInput, invalid, printable


class Originals:
    """The files and folders that a result is made from.

    Args:
        sources: as a user named them; what is no path, such as `sample:NAME`, protects nothing.
    """

    def __init__(self, sources: Iterable[str]):
        given = [one for one in map(paths.expand_user, sources) if paths.is_there(one)]
        named = [one for one in given if one.name]  # `.` has none, and nothing lies next to it
        beside = [one for one in map(sidecar, named) if paths.is_there(one)]
        self._files = {_identity(one) for one in (*given, *beside)}
        self._folders = [one.resolve() for one in given if one.is_dir()]

    def check(self, place: Path, shown: str, is_folder: bool = False) -> None:
        """Raises `InvalidInput` if a result at this place, or its recipe next to it, would replace one.

        Args:
            place: absolute, with links followed.
            shown: what the place is called in errors.
            is_folder: whether the result is a folder; it may lie within one of them.
        """
        taken = [one for one in (place, sidecar(place)) if paths.is_there(one)]
        received = "one of the inputs" if any(_identity(one) in self._files for one in taken) else ""
        if taken and not is_folder and any(place.is_relative_to(one) for one in self._folders):
            received = received or "a file in one of the inputs"
        if received:
            step = "choose another name, so that the original stays"
            raise invalid(shown, expected="a new file", received=received, next_step=step)


def _identity(path: Path) -> tuple[int, int]:
    """What a file is, by whatever name: links, and names in other letters, lead to the same."""
    found = path.stat()
    return found.st_dev, found.st_ino


def sidecar(path: Path) -> Path:
    """Where the recipe of a file lies that cannot hold one: `NAME.EXT.json`."""
    return path.with_name(path.name + ".json")


def check_sidecar(path: Path, shown: str) -> None:
    """Raises `InvalidInput` if anything but a recipe that the studio wrote lies where one would go."""
    beside = sidecar(path)
    if path.suffix.lower() == ".png" or not _is_taken(beside):
        return
    try:
        data = b"" if beside.is_symlink() else paths.read(beside, recipes.MOST_BYTES)
        if not data.lstrip().startswith(b"{"):  # an image with a recipe in it is a user's image
            raise InvalidInput("It is none.")
        recipes.read(data)
    except (OSError, paths.TooLarge, InvalidInput):
        expected, step = f"a free place for its recipe, {printable(beside.name, 100)}", "choose another name"
        raise invalid(shown, expected=expected, received="another file there", next_step=step) from None


def unused(path: Path) -> Path:
    """A path that nobody has, nor that of its recipe: `stem.png`, else `stem-2.png`, ..."""
    found, number = path, 1
    while _is_taken(found) or _is_taken(sidecar(found)):
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


def _is_taken(path: Path) -> bool:
    return path.is_symlink() or path.exists()
