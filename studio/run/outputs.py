"""Output paths and files: checks a path before the work starts, then writes the result atomically."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from studio.core import paths, recipes
from studio.core.errors import InvalidInput, invalid, make_printable
from studio.core.imaging import image_io, video_codecs
from studio.core.models import model_folder, presets
from studio.core.settings import Settings
from studio.core.tasks import Inputs, Kind, Result
from studio.run import image_export
from studio.run.protected_inputs import ProtectedInputs, check_sidecar, find_free_path, sidecar

_SUFFIXES: dict[Kind, tuple[str, ...]] = {
    "image": (".png", ".jpg", ".jpeg", ".jfif", ".webp", *image_io.TIFF_SUFFIXES),
    "animation": tuple(f".{kind}" for kind in video_codecs.KINDS),
    "text": (".txt", ".md"),
    "dataset": (".npz", ".zip"),
    "network": (".keras", ".tflite", ".onnx", ".zip", ".npz"),
}
_TEXT_SEPARATOR = b"\n\n---\n\n"  # separates the texts of a result


def goes_to_stdout(kind: Kind) -> bool:
    """Returns whether a result of this kind goes to stdout without `-o`."""
    return kind == "text"


def resolve_output(
    text: str, kind: Kind, sources: Iterable[str] = (), more_endings: tuple[str, ...] = ()
) -> Path:
    """Returns the path of `-o OUT` if a result can be written there: a folder for a model, else a file.

    The path is absolute with all links followed, because links and the working folder may change before the
    work ends.

    Args:
        text: path as the user wrote it.
        kind: kind of the result.
        sources: inputs of the result, which it must not replace.
        more_endings: additional file extensions that are allowed.

    Raises:
        InvalidInput: if the result cannot be written there, with the reason.
    """
    expanded, label = paths.expand_user(text), f"output {make_printable(text, 100)}"
    suffixes = (*_SUFFIXES.get(kind, ()), *more_endings)
    if suffixes and expanded.suffix.lower() not in suffixes:
        expected = f"a name that ends in {', '.join(suffixes)}"
        received = expanded.suffix or "a name without an ending"
        raise invalid(label, expected=expected, received=received, next_step="name it so")
    path = _resolve_links(expanded, label)
    if kind == "model":
        _check_folder(path, label)
    else:
        _check_file(path, label)
    ProtectedInputs(sources).check(path, label, is_folder=kind == "model")
    if kind != "model":
        check_sidecar(path, label)
    return path


def check_same_training(path: Path, task: str, settings: Settings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if a folder contains a model of another training run.

    Args:
        path: as `resolve_output` returned it.
        task, settings, inputs: of the training run whose model will be saved there.

    Raises:
        InvalidInput: if it contains another model.
    """
    if not (path / model_folder.RECIPE).is_file():
        return
    if read_recipe(path).identity != recipes.make(task, settings, inputs).identity:
        raise InvalidInput(
            f"The folder {make_printable(path.name, 60)} holds a trained model. "
            "Choose another folder, or replace the model with `--overwrite`."
        )


def _resolve_links(path: Path, label: str) -> Path:
    """Returns the absolute path with all links followed. Raises `InvalidInput` for a circular link."""
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a link to itself is a RuntimeError
        reason = getattr(error, "strerror", None) or "not a usable path"
        step = "choose another place"
        raise invalid(
            label, expected="a place that can be written", received=reason, next_step=step
        ) from None


def display_path(path: Path, text: str) -> Path:
    """Returns the path as the user wrote it if it leads to `path`, else `path`."""
    expanded = paths.expand_user(text)
    with contextlib.suppress(OSError, RuntimeError):
        return expanded if expanded.resolve() == path else path
    return path


def _check_file(path: Path, label: str) -> None:
    """Raises `InvalidInput` if no file can be written at a path."""
    expected, step = "a file that can be written", "choose another place"
    try:
        with contextlib.suppress(FileNotFoundError):
            path.stat()  # unlike `exists`, this raises for a name that no file can have
        if path.exists() and not path.is_file():
            received = "a folder" if path.is_dir() else "a device"
            raise invalid(label, expected=expected, received=received, next_step=step)
        if not path.parent.is_dir():
            step = "make the folder, or choose another place"
            raise invalid(label, expected="a folder that exists", received=str(path.parent), next_step=step)
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise invalid(label, expected=expected, received="a folder that is read-only", next_step=step)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise invalid(label, expected=expected, received=reason, next_step=step) from None


def _check_folder(path: Path, label: str) -> None:
    """Raises `InvalidInput` if a folder contains anything but a model, because saving replaces all of it."""
    expected, step = "a new folder, or one that holds a model to replace", "choose another place"
    try:
        with contextlib.suppress(FileNotFoundError):
            path.stat()
        if path.exists() and not path.is_dir():
            raise invalid(label, expected=expected, received="a file", next_step=step)
        names = {member.name for member in path.iterdir()} if path.exists() else set()
        if names and names - {*model_folder.OPTIONAL} != {*model_folder.MEMBERS}:
            unexpected = min(names - {*model_folder.MEMBERS, *model_folder.OPTIONAL} or names)
            received = f"a folder with {make_printable(unexpected, 60)} in it"
            raise invalid(label, expected=expected, received=received, next_step=step)
        existing_parent = next(member for member in path.absolute().parents if member.exists())
        if not existing_parent.is_dir() or not os.access(existing_parent, os.W_OK | os.X_OK):
            received = f"{existing_parent}, where nothing can be written"
            raise invalid(label, expected=expected, received=received, next_step=step)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise invalid(label, expected=expected, received=reason, next_step=step) from None


def match_ending(path: Path, settings: Settings, user_set: Collection[str] = ()) -> Settings:
    """Returns the settings with the file format that the ending of the output path asks for.

    Args:
        path: output path.
        settings: settings of the task.
        user_set: names of the settings that the user set.

    Raises:
        InvalidInput: if such a setting contradicts the ending.
    """
    adapted_settings = settings.for_ending(path.suffix.lower().removeprefix("."))
    for name in user_set:
        value = getattr(settings, name, None)
        if getattr(adapted_settings, name, value) != value:
            flag = settings.describe()[name].flag
            step = f"leave {flag} out, or name it otherwise"
            expected = f"one that fits {flag} {value}"
            raise invalid(
                f"output {make_printable(path.name, 60)}",
                expected=expected,
                received="another",
                next_step=step,
            )
    return adapted_settings


def save_result(result: Result, path: Path) -> Path:
    """Writes the main file of a result, and its recipe as `NAME.EXT.json` if the file cannot contain it.

    Args:
        result: the result.
        path: as `resolve_output` returned it.

    Returns:
        The path of the file: `path`, or a PNG next to it if a video was stopped so early that it is an image.

    Raises:
        InvalidInput: if another file is at the path of the recipe.
    """
    data, kind = result.files[0].read(), result.files[0].kind
    if kind == "image" and path.suffix.lower() not in _SUFFIXES["image"]:
        path = find_free_path(path.with_suffix(".png"))
    if kind == "model":
        presets.unpack(data, path)
        return path
    check_sidecar(path, f"output {make_printable(path.name, 100)}")
    if kind in ("animation", "text", "dataset", "network"):
        paths.write(path, join_texts(result) if kind == "text" else data)
        if kind == "network":
            for file in result.files[1:]:
                _write_program(program_path(path, file.name), file.read())
        paths.write(sidecar(path), f"{result.recipe.to_json()}\n".encode())
    elif path.suffix.lower() in _SUFFIXES["image"][1:]:
        paths.write(path, image_export.convert(data, path.suffix.lower()))
        paths.write(sidecar(path), f"{recipes.read(data).to_json()}\n".encode())
    else:
        paths.write(path, data)
    return path


def save_answer(answer: Mapping[str, Any], text: str, result: Result, path: Path) -> Path:
    """Writes the answer of a task and its recipe next to it.

    Args:
        answer: answer as JSON data, for a path that ends in .json.
        text: answer in words, for any other path.
        result: the result, which has the recipe.
        path: as `resolve_output` returned it.

    Returns:
        The path.

    Raises:
        InvalidInput: if another file is at the path of the recipe.
    """
    check_sidecar(path, f"output {make_printable(path.name, 100)}")
    content = json.dumps(answer) if path.suffix.lower() == ".json" else text
    paths.write(path, f"{content}\n".encode())
    paths.write(sidecar(path), f"{result.recipe.to_json()}\n".encode())
    return path


def _write_program(path: Path, data: bytes) -> None:
    """Writes an example program, under another name if the user has changed the existing one."""
    if not path.is_file() or path.read_bytes() != data:
        paths.write(find_free_path(path), data)


def join_texts(result: Result) -> bytes:
    """Returns all texts of a result in UTF-8, one below the other."""
    return _TEXT_SEPARATOR.join(file.read() for file in result.files)


def program_path(path: Path, name: str) -> Path:
    """Returns the path of a network's example program: `NAME.EXT.py`, or `.js` if `name` ends so."""
    return path.with_name(path.name + Path(name).suffix)


def is_recipe(path: Path) -> bool:
    """Returns whether a file is a recipe. An answer in JSON is not, because its recipe is next to it."""
    return path.suffix.lower() == ".json" and not sidecar(path).exists()


def read_recipe(path: Path) -> recipes.Recipe:
    """Reads the recipe in a file, in the JSON next to it, or in a model's folder.

    Raises:
        InvalidInput: if there is none, or it cannot be read.
    """
    label = f"file {make_printable(path.name or str(path), 100)}"
    try:
        if path.is_dir():
            if not (path / model_folder.RECIPE).is_file():
                step = "choose a file that the studio saved"
                received = "a folder that is no model's"
                raise invalid(label, expected="a file with a recipe", received=received, next_step=step)
            path = path / model_folder.RECIPE
        if path.suffix.lower() != ".png" and not is_recipe(path):
            # The recipe of a link may be next to its target.
            path = path if sidecar(path).exists() else path.resolve()
            if path.is_file() and not sidecar(path).exists():
                name = make_printable(sidecar(path).name, 100)
                raise InvalidInput(
                    f"The {label} has no recipe: there is no {name} next to it. "
                    "Choose a file that the studio saved, together with its recipe."
                )
            path = sidecar(path)
        return recipes.read(paths.read(path, image_io.MAX_RESULT_BYTES))
    except paths.TooLarge:
        raise InvalidInput(f"The {label} is too large to be one of the studio's. Choose another.") from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        step = "choose a file that the studio saved"
        raise invalid(label, expected="a file with a recipe", received=reason, next_step=step) from None
