"""Where a result goes: checked before the work starts, written at once or not at all."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from studio.core import paths, recipes
from studio.core.errors import InvalidInput, invalid, printable
from studio.core.imaging import animations, image_io
from studio.core.models import model_folder, presets
from studio.core.settings import Settings
from studio.core.tasks import Inputs, Kind, Result
from studio.run.protected_inputs import Originals, check_sidecar, sidecar, unused

_SUFFIXES: dict[Kind, tuple[str, ...]] = {
    "image": (".png", ".jpg", ".jpeg", ".jfif", ".webp"),
    "animation": tuple(f".{kind}" for kind in animations.KINDS),
    "text": (".txt", ".md"),
    "dataset": (".npz", ".zip"),
    "network": (".keras", ".tflite", ".onnx", ".zip", ".npz"),
}
_BETWEEN = b"\n\n---\n\n"  # two texts of one result


def prints_itself(kind: Kind) -> bool:
    """Whether a result of this kind goes to stdout when no `-o` says otherwise."""
    return kind == "text"


def checked(text: str, kind: Kind, sources: Iterable[str] = (), also: tuple[str, ...] = ()) -> Path:
    """The place of `-o OUT`, if a result of this kind can be written there: a model's folder, else a file.

    It is absolute and through all links, as a shell would write: where the work ends, links and the working
    folder may be others.

    Args:
        sources: what the result is made from, and must not replace.
        also: other endings that it may have.

    Raises:
        InvalidInput: if not, with the reason.
    """
    named, shown = paths.expand_user(text), f"output {printable(text, 100)}"
    suffixes = (*_SUFFIXES.get(kind, ()), *also)
    if suffixes and named.suffix.lower() not in suffixes:
        ends = f"a name that ends in {', '.join(suffixes)}"
        received = named.suffix or "a name without an ending"
        raise invalid(shown, expected=ends, received=received, next_step="name it so")
    place = _resolved(named, shown)
    if kind == "model":
        _check_folder(place, shown)
    else:
        _check_place(place, shown)
    Originals(sources).check(place, shown, is_folder=kind == "model")
    if kind != "model":
        check_sidecar(place, shown)
    return place


def check_model_is_kept(place: Path, task: str, settings: Settings, inputs: Inputs) -> None:
    """Refuses a folder that holds a model of another training run; the same training may replace its own.

    Args:
        place: as `checked` gave it.
        task, settings, inputs: of the training whose model goes there.

    Raises:
        InvalidInput: if another model is there.
    """
    if not (place / model_folder.RECIPE).is_file():
        return
    if _training(recipe_of(place)) != _training(recipes.make(task, settings, inputs)):
        raise InvalidInput(
            f"The folder {printable(place.name, 60)} holds a trained model. "
            "Choose another folder, or replace the model with `--overwrite`."
        )


def _training(recipe: recipes.Recipe) -> tuple[Any, ...]:
    """What tells one training run from another: task, settings and inputs by SHA-256."""
    digests = {slot: [source.digest for source in sources] for slot, sources in recipe.inputs.items()}
    return recipe.task, recipe.settings, digests


def _resolved(path: Path, shown: str) -> Path:
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a link to itself is a RuntimeError
        reason = getattr(error, "strerror", None) or "not a usable path"
        step = "choose another place"
        raise invalid(
            shown, expected="a place that can be written", received=reason, next_step=step
        ) from None


def shown_place(place: Path, text: str) -> Path:
    """What a user calls the place of a result: as it was named, if it is there, else the place itself."""
    named = paths.expand_user(text)
    with contextlib.suppress(OSError, RuntimeError):
        return named if named.resolve() == place else place
    return place


def _check_place(path: Path, shown: str) -> None:
    expected, step = "a file that can be written", "choose another place"
    try:
        with contextlib.suppress(FileNotFoundError):
            path.stat()  # unlike `exists`, this raises for a name that no file can have
        if path.exists() and not path.is_file():
            received = "a folder" if path.is_dir() else "a device"
            raise invalid(shown, expected=expected, received=received, next_step=step)
        if not path.parent.is_dir():
            step = "make the folder, or choose another place"
            raise invalid(shown, expected="a folder that exists", received=str(path.parent), next_step=step)
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise invalid(shown, expected=expected, received="a folder that is read-only", next_step=step)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise invalid(shown, expected=expected, received=reason, next_step=step) from None


def _check_folder(path: Path, shown: str) -> None:
    """A model takes the place of the whole folder, so there must be nothing else in it."""
    expected, step = "a new folder, or one that holds a model to replace", "choose another place"
    try:
        with contextlib.suppress(FileNotFoundError):
            path.stat()
        if path.exists() and not path.is_dir():
            raise invalid(shown, expected=expected, received="a file", next_step=step)
        names = {one.name for one in path.iterdir()} if path.exists() else set()
        if names and names - {*model_folder.OPTIONAL} != {*model_folder.MEMBERS}:
            found = min(names - {*model_folder.MEMBERS, *model_folder.OPTIONAL} or names)
            received = f"a folder with {printable(found, 60)} in it"
            raise invalid(shown, expected=expected, received=received, next_step=step)
        above = next(one for one in path.absolute().parents if one.exists())
        if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
            received = f"{above}, where nothing can be written"
            raise invalid(shown, expected=expected, received=received, next_step=step)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise invalid(shown, expected=expected, received=reason, next_step=step) from None


def named_by(path: Path, settings: Settings, given: Collection[str] = ()) -> Settings:
    """The settings, with the kind of their file as the name of the output says.

    Args:
        given: the names of those that a user chose.

    Raises:
        InvalidInput: if such a one says otherwise.
    """
    found = settings.for_ending(path.suffix.lower().removeprefix("."))
    for name in given:
        wanted = getattr(settings, name, None)
        if getattr(found, name, wanted) != wanted:
            flag = settings.described()[name].flag
            step = f"leave {flag} out, or name it otherwise"
            expected = f"one that fits {flag} {wanted}"
            raise invalid(
                f"output {printable(path.name, 60)}", expected=expected, received="another", next_step=step
            )
    return found


def save(result: Result, place: Path) -> Path:
    """Writes the main file of a result; where its recipe cannot be inside, as `NAME.EXT.json` next to it.

    Args:
        place: as `checked` gave it.

    Returns:
        Where it is: `place`, or next to it a PNG, if a video that was stopped at once has left an image.

    Raises:
        InvalidInput: if another file was put where its recipe goes.
    """
    data, kind = result.files[0].read(), result.files[0].kind
    if kind == "image" and place.suffix.lower() not in _SUFFIXES["image"]:
        place = unused(place.with_suffix(".png"))
    if kind == "model":
        presets.unpack(data, place)
        return place
    check_sidecar(place, f"output {printable(place.name, 100)}")
    if kind in ("animation", "text", "dataset", "network"):
        paths.write(place, text_of(result) if kind == "text" else data)
        if kind == "network":
            for one in result.files[1:]:
                _write_program(program(place, one.name), one.read())
        paths.write(sidecar(place), f"{result.recipe.to_json()}\n".encode())
    elif place.suffix.lower() in _SUFFIXES["image"][1:]:
        paths.write(place, image_io.encode_as(image_io.read(data), place.suffix.lower()))
        paths.write(sidecar(place), _recipe(data).encode())
    else:
        paths.write(place, data)
    return place


def save_answer(told: Mapping[str, Any], words: str, result: Result, place: Path) -> Path:
    """Writes what a task answered: as JSON if the name ends so, else in words. Returns the place."""
    check_sidecar(place, f"output {printable(place.name, 100)}")
    text = json.dumps(told) if place.suffix.lower() == ".json" else words
    paths.write(place, f"{text}\n".encode())
    paths.write(sidecar(place), f"{result.recipe.to_json()}\n".encode())
    return place


def _write_program(path: Path, data: bytes) -> None:
    """Next to one that a user has changed."""
    if not path.is_file() or path.read_bytes() != data:
        paths.write(unused(path), data)


def text_of(result: Result) -> bytes:
    """All that a result that is text has to say: its texts, in UTF-8, one below the other."""
    return _BETWEEN.join(file.read() for file in result.files)


def program(path: Path, name: str) -> Path:
    """Where the example program of an exported network goes: `NAME.EXT.py`, or `.js` as its own name ends."""
    return path.with_name(path.name + Path(name).suffix)


def _recipe(data: bytes) -> str:
    return recipes.read(data).to_json() + "\n"


def is_recipe(path: Path) -> bool:
    """Whether a file is a recipe; an answer in JSON is none, but has one next to it."""
    return path.suffix.lower() == ".json" and not sidecar(path).exists()


def recipe_of(path: Path) -> recipes.Recipe:
    """The recipe in a file, in the JSON next to it, or in a model's folder.

    Raises:
        InvalidInput: if there is neither, or it cannot be read as a recipe.
    """
    shown = f"file {printable(path.name or str(path), 100)}"
    try:
        if path.is_dir():
            if not (path / model_folder.RECIPE).is_file():
                step = "choose a file that the studio saved"
                told = "a folder that is no model's"
                raise invalid(shown, expected="a file with a recipe", received=told, next_step=step)
            path = path / model_folder.RECIPE
        if path.suffix.lower() != ".png" and not is_recipe(path):
            path = (
                path if sidecar(path).exists() else path.resolve()
            )  # where a link leads, there is its recipe
            if path.is_file() and not sidecar(path).exists():
                raise InvalidInput(
                    f"The {shown} has no recipe: there is no {printable(sidecar(path).name, 100)} next to "
                    f"it. "
                    "Choose a file that the studio saved, together with its recipe."
                )
            path = sidecar(path)
        return recipes.read(paths.read(path, image_io.MOST_BYTES))
    except paths.TooLarge:
        raise InvalidInput(f"The {shown} is too large to be one of the studio's. Choose another.") from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        step = "choose a file that the studio saved"
        raise invalid(shown, expected="a file with a recipe", received=reason, next_step=step) from None
