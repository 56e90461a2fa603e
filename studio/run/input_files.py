"""Reads inputs and stores them as files: from a path, `sample:NAME`, a model, or an image in memory."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from studio.core import amounts, paths, tasks
from studio.core.data import corpus, encodings, sample_sets
from studio.core.errors import invalid, make_printable, unknown, with_article
from studio.core.imaging import formats, image_io, paintings, sample_photos, video_decoder, video_limits
from studio.core.models import model_folder, model_zip, presets
from studio.core.tasks import File, Inputs, Kind, Slot
from studio.core.training import start_from
from studio.imported import files, keras_files
from studio.run.program_result import Output

_SAMPLE_PREFIX = sample_sets.PREFIX
_MODEL_EXTENSIONS = {".keras", ".zip", ".h5", ".tflite"}
_MAX_ZIP_BYTES = 2_000_000_000  # bytes of a zip


def read(slot: Slot, value: Any, labels: str | None = None) -> File:
    """Reads, checks and stores one input, so that errors come before the work starts.

    Args:
        slot: slot of the input.
        value: name or path; from a program also an earlier result, a stored file, a Pillow image or an array
            `(H, W, 3) uint8`, `(H, W)` or with 1 or 4 channels.
        labels: path of a file with the class names of an imported model.

    Raises:
        InvalidInput: if it is not a file, sample, model or data set of the slot's kind.
        Unavailable: if a data set must be downloaded and that fails.
    """
    if not isinstance(value, str | PathLike):
        return _store_object(slot, value)
    text = str(value)
    if slot.kind == "model":
        return _read_model(slot, text, labels)
    if slot.kind == "dataset":
        return sample_sets.resolve(text)
    if slot.kind == "animation":
        return _read_video(paths.expand_user(text))
    if slot.kind == "image" and text.startswith(_SAMPLE_PREFIX):
        return store_sample(text.removeprefix(_SAMPLE_PREFIX))
    path = paths.expand_user(text)
    check(slot.kind, path)
    return File.store(path.read_bytes(), slot.kind, path.name)


def _store_object(slot: Slot, value: Any) -> File:
    """Stores an input that is an object of a program. Raises `InvalidInput` for an unsupported one."""
    if isinstance(value, Output):
        return value.result.files[0]
    if isinstance(value, File):
        return value
    if slot.kind == "image" and _is_image(value):
        value = Image.fromarray(value[..., 0] if value.shape[2:] == (1,) else value)
    if slot.kind == "image" and isinstance(value, Image.Image):
        data = image_io.as_png(value, slot.name)
        image_io.read(data, slot.name)
        return File.store(data, "image", f"{slot.name}.png")
    expected = f"a path of {with_article(slot.kind)}, or a result of the studio"
    if slot.kind == "image":
        expected = "a path, a result of the studio, a Pillow image or an array (H, W, 3) uint8, 0 to 255"
    raise invalid(slot.name, expected=expected, received=_describe(value), next_step="pass one of these")


def _is_image(value: Any) -> bool:
    """Returns whether a value is an array `(H, W) uint8`, or with 1, 3 or 4 channels: gray, RGB, RGBA."""
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8 or value.ndim not in (2, 3):
        return False
    return min(value.shape) > 0 and value.shape[2:] in ((), (1,), (3,), (4,))


def _describe(value: Any) -> str:
    """Returns the type of an unsupported input, for an error."""
    if isinstance(value, np.ndarray):
        return f"an array {value.shape} {value.dtype}"
    if isinstance(value, Image.Image):
        return f"one of mode {value.mode}"
    return type(value).__name__


def check(kind: Kind, path: Path) -> None:
    """Raises `InvalidInput` if a file is not valid for its kind; archives of data sets are checked later."""
    if kind == "image":
        image_io.read(path)
    elif kind == "text":
        with contextlib.suppress(encodings.UnknownEncoding):  # the settings of a task may specify it
            corpus.read(path)
    elif kind == "animation":
        label = f"video {make_printable(path.name, 60)}"
        video_decoder.check(_read_bytes(path, label, video_limits.MAX_BYTES, "cut it"), label)
    elif kind == "model" and is_zipped_model(path):
        model_zip.check(path)
    elif kind == "model":
        with path.open("rb") as file:
            files.check(file, path.name)


def read_by_name(slot: Slot, text: str) -> File | None:
    """Returns the file of a sample or a trained model by name, else None. Never follows a path."""
    if slot.kind == "image" and text.startswith(_SAMPLE_PREFIX):
        return store_sample(text.removeprefix(_SAMPLE_PREFIX))
    if slot.kind == "dataset" and text.startswith(_SAMPLE_PREFIX):
        return sample_sets.store(text)
    return _store_preset(presets.find(text)) if slot.kind == "model" and presets.is_known(text) else None


def read_start_model(task: str, name: str) -> Inputs:
    """Returns the input of a training run that starts from a named model; empty for "".

    Raises:
        StudioError: if the model is missing or incomplete.
    """
    slot = next(slot for slot in tasks.get(task).inputs if slot.name == start_from.SLOT)
    file = read_by_name(slot, name) if name else None
    return {start_from.SLOT: [file]} if file else {}


def is_image_name(text: str) -> bool:
    """Returns whether a word looks like a sample or an image, by its prefix or file extension."""
    return text.startswith(_SAMPLE_PREFIX) or Path(text).suffix.lower() in formats.EXTENSIONS


def store_sample_file(name: str) -> None:
    """Stores the sample whose name a file has; does nothing for other names."""
    stem = name.rpartition(".")[0]
    if sample_photos.is_known(stem) or stem in paintings.list_paintings():
        store_sample(stem)
    elif stem in sample_sets.list_names():
        sample_sets.store(stem)


def _read_video(path: Path) -> File:
    """Checks and stores a video."""
    label = f"video {make_printable(path.name, 60)}"
    data = _read_bytes(path, label, video_limits.MAX_BYTES, "cut it")
    video_decoder.decode_frame(data, label)  # raises if it is not a video
    return File.store(data, "animation", path.name)


def _read_model(slot: Slot, text: str, labels: str | None) -> File:
    """Returns a model as a file, from its name, its folder, or an imported file or folder."""
    path = paths.expand_user(text)
    if path.is_file() and is_zipped_model(path):
        model_zip.check(path)
        label = f"model {make_printable(path.name, 60)}"
        return File.store(_read_bytes(path, label, _MAX_ZIP_BYTES, "choose another"), "model", path.name)
    if is_missing(path):
        label, step = f"model {make_printable(path.name, 60)}", "check the path"
        raise invalid(label, expected="a file", received="no such file", next_step=step)
    if is_imported(path):
        return files.store(path, paths.expand_user(labels) if labels else None)
    return _store_preset(find_preset(text, slot.model_tasks))


def _store_preset(model: presets.Preset) -> File:
    """Stores a model of the studio as a zip. Raises `StudioError` if its files are incomplete."""
    model.check_weights()
    return File.store(model_zip.pack(model.folder), "model", f"{model.name}.zip")


def find_preset(text: str, suitable_tasks: Collection[str] = ()) -> presets.Preset:
    """Finds a model by its name or folder; see `presets.find` for the arguments and errors."""
    name = text if presets.is_known(text) else paths.expand_user(text).absolute()
    return presets.find(name, suitable_tasks)


def open_model(text: str) -> presets.Preset:
    """Opens a model by its name, its folder or its zip. Raises `InvalidInput` if there is none."""
    path = paths.expand_user(text)
    if path.is_file() and is_zipped_model(path):
        return presets.from_zip(_read_model(Slot("model", "model"), text, None))
    return find_preset(text)


def is_missing(path: Path) -> bool:
    """Returns whether a path has a model file's extension, which no model name has, but does not exist."""
    return path.suffix.lower() in _MODEL_EXTENSIONS and not path.exists()


def is_imported(path: Path) -> bool:
    """Returns whether a path may be a third-party model: a file or folder that the studio did not save."""
    if path.is_dir():
        return not any((path / name).exists() for name in model_folder.MEMBERS)
    return path.is_file() and not is_zipped_model(path)


def is_zipped_model(path: Path) -> bool:
    """Returns whether a file may be a zipped model that the studio saved."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        members = keras_files.list_members(file)
        return path.suffix.lower() == ".zip" and (not members or model_folder.SETTINGS in members)
    return False


def _read_bytes(path: Path, label: str, most: int, next_step: str) -> bytes:
    """Reads a file. Raises `InvalidInput` if it cannot be read, or has more than `most` bytes."""
    try:
        return paths.read(path, most)
    except paths.TooLarge:
        expected = f"at most {amounts.format_bytes(most)}"
        raise invalid(label, expected=expected, received="more", next_step=next_step) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise invalid(label, expected="a file", received=reason, next_step="check the path") from None


@cache
def _encode_painting(name: str) -> bytes:
    """Returns a sample painting as PNG. Cached: encoding takes 50 ms, and a request may name it often."""
    return image_io.encode_png(paintings.read_painting(name))


def store_sample(name: str) -> File:
    """Stores a sample photo or painting by name, unless it is stored already.

    Raises:
        InvalidInput: for another name.
    """
    if sample_photos.is_known(name):
        data, file_name = sample_photos.read_file(name)
        return File.store(data, "image", file_name)
    if name in paintings.list_paintings():
        return File.store(_encode_painting(name), "image", f"{name}.png")
    raise unknown("sample", name, [*sample_photos.list_photos(), *paintings.list_paintings()])
