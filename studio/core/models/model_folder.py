"""The folder of a trained model: reads its files with size limits and replaces them atomically."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError, field_validator

from studio.core import amounts, paths, recipes
from studio.core.errors import InvalidInput, invalid, make_printable
from studio.core.settings import Settings
from studio.core.untrusted.few_items import at_most
from studio.core.weights import index

if TYPE_CHECKING:
    import keras

WEIGHTS, SETTINGS, CARD, RECIPE = "weights.weights.h5", "settings.json", "card.md", "recipe.json"
MEMBERS = (WEIGHTS, SETTINGS, CARD, RECIPE)
IMAGE = "card.webp"  # optional: samples and training curves
STAGES = "stages.webp"  # optional: samples from the same latents during training, one grid per test
OPTIONAL = (IMAGE, STAGES)
MAX_TEXT_BYTES = 1 << 20
_MAX_SETTINGS_BYTES = 16 << 20  # the data summary grows with the classes, curves and density estimate
_MAX_VALUES = 2_000_000  # of settings.json; the confusion matrix of a thousand classes has half of them
_MAX_LISTS = 100_000  # lists and objects of settings.json; an empty one takes 64 bytes
_MAX_ENTRIES = 1000  # of an object in the data summary
MAX_IMAGE_BYTES = 8 << 20
_MAX_STAGES_BYTES = 1 << 20
_MAX_WEIGHTS_BYTES = 1 << 30
MAX_FILE_BYTES = {
    WEIGHTS: _MAX_WEIGHTS_BYTES,
    IMAGE: MAX_IMAGE_BYTES,
    STAGES: _MAX_STAGES_BYTES,
    SETTINGS: _MAX_SETTINGS_BYTES,
}


_Curve = Annotated[list[float | None], FailFast(), Field(max_length=_MAX_VALUES)]  # None: not finite
_Numbers = Annotated[list[float], FailFast(), Field(max_length=_MAX_VALUES)]


class _DataSummary(BaseModel):
    """Fields of the data summary that pages read when they list all models."""

    model_config = ConfigDict(strict=True)

    class Figures(BaseModel):
        """Metrics that pages show."""

        model_config = ConfigDict(strict=True)

        n: int = 0
        fid: float = 0.0
        nats_per_char: float = 0.0
        nearest: float = 0.0
        nearest_held_out: float = 0.0
        kl: _Numbers = []
        curve: Annotated[dict[str, _Curve], at_most(_MAX_ENTRIES)] = {}
        distances: Annotated[dict[str, _Numbers], at_most(_MAX_ENTRIES)] = {}

    class Evaluation(BaseModel):
        """Metrics of a classifier."""

        model_config = ConfigDict(strict=True)

        accuracy: float = 0.0

    figures: Figures = Figures()
    evaluation: Evaluation = Evaluation()
    directions: Annotated[dict[str, dict[str, Any]], at_most(_MAX_ENTRIES)] = {}
    classes: Annotated[list[str], FailFast(), Field(max_length=_MAX_VALUES)] = []
    stages: Annotated[dict[str, _Curve], at_most(_MAX_ENTRIES)] = {}


class Manifest(BaseModel):
    """Contents of settings.json.

    Attributes:
        task: name of the task that trained the model.
        settings: settings of the training run.
        weights: SHA-256 of the weights.
        data: summary of the training data, such as class names or the characters of a text.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    task: str
    settings: dict[str, Any]
    weights: index.Sha256
    data: dict[str, Any] = Field(default_factory=dict)

    @field_validator("data")
    @classmethod
    def _validate_data(cls, data: dict[str, Any]) -> dict[str, Any]:
        try:
            _DataSummary.model_validate(data)
        except ValidationError:
            raise ValueError("another data summary") from None  # without the text of all its errors
        return data


def write_files(
    folder: Path,
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
    with paths.replacing(folder / WEIGHTS) as temporary:
        model.save_weights(temporary)
    settings_file = Manifest(
        task=task,
        settings=settings.model_dump(mode="json"),
        weights=paths.file_digest(folder / WEIGHTS),
        data=dict(data or {}),
    )
    paths.write(folder / SETTINGS, settings_file.model_dump_json().encode())
    paths.write(folder / CARD, card.encode())
    paths.write(folder / RECIPE, recipe.to_json().encode())
    for name, body in ((IMAGE, image), (STAGES, stages)):
        if body is not None:
            paths.write(folder / name, body)


@contextlib.contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Yields an empty folder to fill; it replaces the folder of the model if the block succeeds."""
    fresh = folder.with_name(f".new-{folder.name}")
    _refuse_links(fresh, _backup_path(folder))
    restore_interrupted(folder)
    with lock(folder):
        _remove_replaced_model(folder)
        _remove_interrupted_save(fresh)
        try:
            yield fresh
            _replace_folder(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def lock(folder: Path) -> contextlib.AbstractContextManager[None]:
    """Returns a context manager during which no other process saves or moves the model of a folder."""
    return paths.locked(_lock_path(folder))


def _refuse_links(*paths_to_check: Path) -> None:
    """Raises `InvalidInput` if a path is a link: saving would write to its target or empty it."""
    if link := next((path for path in paths_to_check if path.is_symlink()), None):
        link_name = make_printable(link.name, 60)
        expected, step = f"no link {link_name} next to it", "remove that link, or choose another path"
        raise invalid("place of a model", expected=expected, received="one", next_step=step)


def _remove_interrupted_save(fresh: Path) -> None:
    """Removes the folder of an interrupted save. Raises `InvalidInput` if it holds a user's files."""
    if not fresh.is_dir():
        return
    other_names = [entry.name for entry in fresh.iterdir() if entry.name not in (*MEMBERS, *OPTIONAL)]
    if unexpected_name := min((name for name in other_names if not name.startswith(".tmp-")), default=""):
        expected, received = f"no {fresh.name} next to it", f"{fresh.name} with {unexpected_name} in it"
        step = "rename that folder, or choose another path"
        raise invalid(f"place of {fresh.name[5:]}", expected=expected, received=received, next_step=step)
    shutil.rmtree(fresh, ignore_errors=True)


def _replace_folder(fresh: Path, folder: Path) -> None:
    """Replaces a folder by two renames; `restore_interrupted` restores the old model after a crash."""
    if folder.exists():
        folder.rename(_backup_path(folder))
    fresh.rename(folder)
    _remove_replaced_model(folder)


def _remove_replaced_model(folder: Path) -> None:
    """Removes the replaced model and moves a user's other files from its folder to the new one."""
    old = _backup_path(folder)
    for other in old.iterdir() if old.is_dir() else ():
        if other.name not in (*MEMBERS, *OPTIONAL):
            other.rename(folder / other.name)
    shutil.rmtree(old, ignore_errors=True)


def _backup_path(folder: Path) -> Path:
    return folder.with_name(f".old-{folder.name}")


def _lock_path(folder: Path) -> Path:
    """Returns the path of the lock file, in the studio's own folder because lock files are never deleted."""
    return paths.ensure_folder("locks") / f"{paths.digest(os.fsencode(folder.resolve()))[:24]}.lock"


def restore_interrupted(folder: Path) -> None:
    """Restores a model if a crash interrupted its replacement; does nothing while a save is running."""
    if _backup_path(folder).is_symlink() or not _backup_path(folder).is_dir():
        return
    with contextlib.suppress(OSError), paths.locked(_lock_path(folder), blocking=False):
        if not folder.exists():
            _backup_path(folder).rename(folder)


def is_folder(path: Path) -> bool:
    """Returns whether a path, which may be user input, is a folder."""
    return os.path.isdir(path)  # noqa: PTH112  # `Path.is_dir` raises for an invalid name


def read_manifest(folder: Path) -> Manifest:
    """Reads settings.json of a model folder. Raises `InvalidInput` if the studio did not write it."""
    try:
        return parse_manifest(read_file(folder / SETTINGS))
    except ValueError:
        raise damaged_folder_error(folder, f"{SETTINGS} as the studio writes it", "another file") from None


def parse_manifest(text: bytes) -> Manifest:
    """Parses settings.json.

    Raises:
        ValueError: if the studio did not write it, or it has too many values.
    """
    lists = text.count(b"[") + text.count(b"{")  # those in texts, too: few texts have any
    if lists > _MAX_LISTS or lists + text.count(b",") > _MAX_VALUES:
        raise ValueError("too many values")
    return Manifest.model_validate_json(text)


def read_file(path: Path) -> bytes:
    """Reads a file of a model folder. Raises `InvalidInput` if it is missing or too large."""
    max_bytes = MAX_FILE_BYTES.get(path.name, MAX_TEXT_BYTES)
    try:
        return paths.read(path, max_bytes)
    except OSError:
        raise damaged_folder_error(path.parent, path.name, "none") from None
    except paths.TooLarge:
        raise damaged_folder_error(
            path.parent, f"{path.name} of at most {amounts.format_bytes(max_bytes)}", "a larger one"
        ) from None


def damaged_folder_error(folder: Path, expected: str, received: str) -> InvalidInput:
    """Returns the error for an incomplete or damaged model folder."""
    return invalid(
        f"model folder {make_printable(str(folder))}",
        expected=expected,
        received=received,
        next_step="copy or train the model again",
    )
