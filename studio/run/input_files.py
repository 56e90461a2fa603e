"""What a user names or a program has -> a kept file: a path, `sample:NAME`, a model, an image in memory."""

from __future__ import annotations

import contextlib
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from studio.core import amounts, caches, paths, tasks
from studio.core.data import corpus, encodings, sample_sets
from studio.core.errors import a, invalid, printable, unknown
from studio.core.imaging import animations, formats, image_io, paintings, sample_photos, video_limits
from studio.core.models import model_folder, model_zip, presets
from studio.core.tasks import File, Inputs, Kind, Slot
from studio.core.training import start_from
from studio.imported import files, keras_files
from studio.run.program_result import Made

_SAMPLE = sample_sets.PREFIX
_MODEL_FILES = {".keras", ".zip", ".h5"}
_MOST_MODEL = 2_000_000_000  # bytes of a zip


def read(slot: Slot, value: Any, labels: str | None = None) -> File:
    """Reads, checks and keeps one input, so that what is wrong with it is told before anything heavy starts.

    Args:
        slot: of the input.
        value: what a user named; of a program also an earlier result, a kept file, an image of Pillow or an
            array `(H, W, 3) uint8`, `(H, W)` or with 1 or 4 channels.
        labels: of an imported model, the path of a file that names its classes.

    Raises:
        InvalidInput: if it is no such file, sample, model or data set, or not of the slot's kind.
        Unavailable: if a data set would have to be fetched and cannot be.
    """
    if not isinstance(value, str | PathLike):
        return _in_memory(slot, value)
    text = str(value)
    if slot.kind == "model":
        return _model(text, labels)
    if slot.kind == "dataset":
        return sample_sets.resolve(text)
    if slot.kind == "animation":
        return _video(paths.expand_user(text))
    if slot.kind == "image" and text.startswith(_SAMPLE):
        return _sample(text.removeprefix(_SAMPLE))
    path = paths.expand_user(text)
    check(slot.kind, path)
    return File.keep(path.read_bytes(), slot.kind, path.name)


def _in_memory(slot: Slot, value: Any) -> File:
    if isinstance(value, Made):
        return value.result.files[0]
    if isinstance(value, File):
        return value
    if slot.kind == "image" and _is_image(value):
        value = Image.fromarray(value[..., 0] if value.shape[2:] == (1,) else value)
    if slot.kind == "image" and isinstance(value, Image.Image):
        data = image_io.as_png(value, slot.name)
        image_io.read(data, slot.name)
        return File.keep(data, "image", f"{slot.name}.png")
    expected = f"a path of {a(slot.kind)}, or a result of the studio"
    if slot.kind == "image":
        expected = "a path, a result of the studio, a Pillow image or an array (H, W, 3) uint8, 0 to 255"
    raise invalid(slot.name, expected=expected, received=_described(value), next_step="pass one of these")


def _is_image(value: Any) -> bool:
    """Whether it is `(H, W) uint8`, or with 1, 3 or 4 channels: gray, RGB, RGBA."""
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8 or value.ndim not in (2, 3):
        return False
    return min(value.shape) > 0 and value.shape[2:] in ((), (1,), (3,), (4,))


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array {value.shape} {value.dtype}"
    if isinstance(value, Image.Image):
        return f"one of mode {value.mode}"
    return type(value).__name__


def check(kind: Kind, path: Path) -> None:
    """Raises `InvalidInput` unless a file can be taken as one of its kind; an archive is looked at later."""
    if kind == "image":
        image_io.read(path)
    elif kind == "text":
        with contextlib.suppress(encodings.UnknownEncoding):  # which the settings of a task may tell
            corpus.read(path)
    elif kind == "animation":
        shown = f"video {printable(path.name, 60)}"
        animations.check(_bytes(path, shown, video_limits.MOST_BYTES, "cut it"), shown)
    elif kind == "model" and is_packed(path):
        _check_packed(path)
    elif kind == "model":
        with path.open("rb") as file:
            files.check(file, path.name)


def from_name(slot: Slot, text: str) -> File | None:
    """What a name alone says: a sample, or a trained model; None for all else. No path is ever followed."""
    if slot.kind == "image" and text.startswith(_SAMPLE):
        return _sample(text.removeprefix(_SAMPLE))
    if slot.kind == "dataset" and text.startswith(_SAMPLE):
        return sample_sets.reference(text)
    return _zipped(presets.find(text)) if slot.kind == "model" and presets.is_known(text) else None


def to_start_from(task: str, name: str) -> Inputs:
    """The input of a training run that begins with the model of a name; none for "".

    Raises:
        StudioError: if it is not there, or not whole.
    """
    slot = next(slot for slot in tasks.get(task).inputs if slot.name == start_from.SLOT)
    file = from_name(slot, name) if name else None
    return {start_from.SLOT: [file]} if file else {}


def is_image(text: str) -> bool:
    """Whether a word names a sample or an image, as far as its name tells."""
    return text.startswith(_SAMPLE) or Path(text).suffix.lower() in formats.ENDINGS


def keep_sample(name: str) -> None:
    """Keeps the sample that a file is called after, if there is one; another file does no harm."""
    stem = name.rpartition(".")[0]
    if sample_photos.is_known(stem) or stem in paintings.paintings():
        _sample(stem)
    elif stem in sample_sets.names():
        sample_sets.reference(stem)


def _video(path: Path) -> File:
    shown = f"video {printable(path.name, 60)}"
    data = _bytes(path, shown, video_limits.MOST_BYTES, "cut it")
    animations.first(data, shown)  # now, so that what is no video is told at once
    return File.keep(data, "animation", path.name)


def _model(text: str, labels: str | None = None) -> File:
    """A model as a file that tasks take: by its name, its folder, or an imported file or folder."""
    path = paths.expand_user(text)
    if path.is_file() and is_packed(path):
        return _packed(path)
    if is_missing(path):
        shown, step = f"model {printable(path.name, 60)}", "check the path"
        raise invalid(shown, expected="a file", received="no such file", next_step=step)
    if is_imported(path):
        return files.keep(path, paths.expand_user(labels) if labels else None)
    return _zipped(preset(text))


def _zipped(found: presets.Preset) -> File:
    found.weights()
    return File.keep(model_zip.zipped(found.folder), "model", f"{found.name}.zip")


def preset(text: str) -> presets.Preset:
    """A model by its name or folder. Raises as `presets.find`."""
    return presets.find(text if presets.is_known(text) else paths.expand_user(text).absolute())


def is_missing(path: Path) -> bool:
    """Whether a path is that of a model's file, since no name of a model ends so, and nothing is there."""
    return path.suffix.lower() in _MODEL_FILES and not path.exists()


def is_imported(path: Path) -> bool:
    """Whether a path is that of a third-party model, or of what may be one."""
    if path.is_dir():
        return not any((path / name).exists() for name in model_folder.MEMBERS)
    return path.is_file() and not is_packed(path)


def is_packed(path: Path) -> bool:
    """Whether a file may be a model that the studio saved."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        members = keras_files.members(file)
        return path.suffix.lower() == ".zip" and (not members or model_folder.SETTINGS in members)
    return False


def _packed(path: Path) -> File:
    return File.keep(_check_packed(path), "model", path.name)


def _check_packed(path: Path) -> bytes:
    shown = f"model {printable(path.name, 60)}"
    data = _bytes(path, shown, _MOST_MODEL, "choose another")
    folder = caches.claim(paths.folder("cache") / "models" / paths.digest(data))
    presets.unpack(data, folder)  # which checks all of it
    return data


def _bytes(path: Path, shown: str, most: int, next_step: str) -> bytes:
    """The bytes of a file. Raises `InvalidInput` if it cannot be read, or has more than `most`."""
    try:
        return paths.read(path, most)
    except paths.TooLarge:
        expected = f"at most {amounts.size(most)}"
        raise invalid(shown, expected=expected, received="more", next_step=next_step) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise invalid(shown, expected="a file", received=reason, next_step="check the path") from None


def _sample(name: str) -> File:
    if sample_photos.is_known(name):
        data, called = sample_photos.data(name)
        return File.keep(data, "image", called)
    if name in paintings.paintings():
        return File.keep(image_io.encode_png(paintings.painting(name)), "image", f"{name}.png")
    raise unknown("sample", name, [*sample_photos.photos(), *paintings.paintings()])
