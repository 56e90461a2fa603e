"""The folder of one trained model: its files, read with care and replaced as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from studio.core import amounts, paths, recipes
from studio.core.errors import InvalidInput, invalid, printable
from studio.core.settings import Settings
from studio.core.weights import index

if TYPE_CHECKING:
    import keras

WEIGHTS, SETTINGS, CARD, RECIPE = "weights.weights.h5", "settings.json", "card.md", "recipe.json"
MEMBERS = (WEIGHTS, SETTINGS, CARD, RECIPE)
IMAGE = "card.png"  # of what it makes and how it learned; only some models have one
STAGES = "stages.webp"  # what it drew of the same numbers as it grew, grid by grid; as above
OPTIONAL = (IMAGE, STAGES)
MOST_TEXT = 1 << 20
_MOST_SETTINGS = 16 << 20  # what a model knows of its data grows with its classes, its curves and its density
MOST_IMAGE = 8 << 20
_MOST_STAGES = 1 << 20
_MOST_WEIGHTS = 1 << 30
MOST = {WEIGHTS: _MOST_WEIGHTS, IMAGE: MOST_IMAGE, STAGES: _MOST_STAGES, SETTINGS: _MOST_SETTINGS}


class _Told(BaseModel):
    """What a model knows of its data, as far as pages that list all models read it."""

    model_config = ConfigDict(strict=True)

    class Figures(BaseModel):
        """Those that pages show."""

        model_config = ConfigDict(strict=True)

        n: int = 0
        fid: float = 0.0
        nats_per_char: float = 0.0
        nearest: float = 0.0
        nearest_held_out: float = 0.0
        kl: list[float] = []
        curve: dict[str, list[float | None]] = {}  # None is a test that was not finite
        distances: dict[str, list[float]] = {}

    class Evaluation(BaseModel):
        """Of a classifier."""

        model_config = ConfigDict(strict=True)

        accuracy: float = 0.0

    figures: Figures = Figures()
    evaluation: Evaluation = Evaluation()
    directions: dict[str, dict[str, Any]] = {}
    classes: list[str] = []
    stages: dict[str, list[float | None]] = {}  # None is a loss that was not finite


class Manifest(BaseModel):
    """What settings.json holds: the task that made the model, its settings, the digest of its weights, and
    what it knows of its data, such as the names of classes or the characters of a text."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    task: str
    settings: dict[str, Any]
    weights: index.Sha256
    data: dict[str, Any] = Field(default_factory=dict)

    @field_validator("data")
    @classmethod
    def _checked(cls, data: dict[str, Any]) -> dict[str, Any]:
        _Told.model_validate(data)
        return data


def fill(
    place: Path,
    model: keras.Model,
    task: str,
    settings: Settings,
    card: str,
    recipe: recipes.Recipe,
    data: Mapping[str, Any] | None,
    image: bytes | None,
    stages: bytes | None = None,
) -> None:
    """Writes the files of a model into an empty folder."""
    with paths.replacing(place / WEIGHTS) as temporary:
        model.save_weights(temporary)
    made = Manifest(
        task=task,
        settings=settings.model_dump(mode="json"),
        weights=paths.file_digest(place / WEIGHTS),
        data=dict(data or {}),
    )
    paths.write(place / SETTINGS, made.model_dump_json().encode())
    paths.write(place / CARD, card.encode())
    paths.write(place / RECIPE, recipe.to_json().encode())
    for name, body in ((IMAGE, image), (STAGES, stages)):
        if body is not None:
            paths.write(place / name, body)


@contextlib.contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Yields an empty folder to fill, which takes the place of a model's if all went well."""
    fresh = folder.with_name(f".new-{folder.name}")
    _check_beside(fresh, _old(folder))
    restore_interrupted(folder)
    with held(folder):
        _clear(folder)
        _discard(fresh)
        try:
            yield fresh
            _swap(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def held(folder: Path) -> contextlib.AbstractContextManager[None]:
    """While open, nobody else saves or moves the model of a folder."""
    return paths.locked(_lock(folder))


def _check_beside(*places: Path) -> None:
    """Raises `InvalidInput` if one is a link: what it leads to would be written to, or emptied."""
    if link := next((place for place in places if place.is_symlink()), None):
        shown = printable(link.name, 60)
        expected, step = f"no link {shown} next to it", "remove that link, or choose another path"
        raise invalid("place of a model", expected=expected, received="one", next_step=step)


def _discard(fresh: Path) -> None:
    """Removes what a killed save has left. Raises `InvalidInput` if there is more: then it is a user's."""
    if not fresh.is_dir():
        return
    others = [one.name for one in fresh.iterdir() if one.name not in (*MEMBERS, *OPTIONAL)]
    if kept := min((name for name in others if not name.startswith(".tmp-")), default=""):
        expected, received = f"no {fresh.name} next to it", f"{fresh.name} with {kept} in it"
        step = "rename that folder, or choose another path"
        raise invalid(f"place of {fresh.name[5:]}", expected=expected, received=received, next_step=step)
    shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, folder: Path) -> None:
    """Two renames: after a kill between them `restore_interrupted` puts the old model back."""
    if folder.exists():
        folder.rename(_old(folder))
    fresh.rename(folder)
    _clear(folder)


def _clear(folder: Path) -> None:
    """Removes the model that was replaced; what a user has put next to it moves to the new one."""
    old = _old(folder)
    for other in old.iterdir() if old.is_dir() else ():
        if other.name not in (*MEMBERS, *OPTIONAL):
            other.rename(folder / other.name)
    shutil.rmtree(old, ignore_errors=True)


def _old(folder: Path) -> Path:
    return folder.with_name(f".old-{folder.name}")


def _lock(folder: Path) -> Path:
    """Not next to the model, where a user would find it: it stays."""
    return paths.folder("locks") / f"{paths.digest(os.fsencode(folder.resolve()))[:24]}.lock"


def restore_interrupted(folder: Path) -> None:
    """Puts back the model that a save was killed in the middle of replacing, unless one is just replaced."""
    if _old(folder).is_symlink() or not _old(folder).is_dir():
        return
    with contextlib.suppress(OSError), paths.locked(_lock(folder), wait=False):
        if not folder.exists():
            _old(folder).rename(folder)


def is_folder(path: Path) -> bool:
    """Whether a path, which a user may have typed, is a folder."""
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that no file system takes
        return False


def manifest(folder: Path) -> Manifest:
    """What the folder's settings.json says. Raises `InvalidInput` if it is not as the studio writes it."""
    try:
        return Manifest.model_validate_json(read(folder / SETTINGS))
    except ValidationError:
        raise broken(folder, f"{SETTINGS} as the studio writes it", "another file") from None


def read(path: Path) -> bytes:
    """The bytes of one of its files. Raises `InvalidInput` if it is gone or too large."""
    most = MOST.get(path.name, MOST_TEXT)
    try:
        return paths.read(path, most)
    except OSError:
        raise broken(path.parent, path.name, "none") from None
    except paths.TooLarge:
        raise broken(path.parent, f"{path.name} of at most {amounts.size(most)}", "a larger one") from None


def broken(folder: Path, expected: str, received: str) -> InvalidInput:
    """What is said of a folder that is not whole."""
    return invalid(
        f"model folder {printable(str(folder))}",
        expected=expected,
        received=received,
        next_step="copy or train the model again",
    )
