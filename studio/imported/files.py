"""Third-party model files: checked without Keras and stored unchanged."""

from __future__ import annotations

import io
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from zipfile import ZipFile

from studio.core.errors import InvalidInput, invalid, make_printable
from studio.core.models import model_folder
from studio.core.tasks import File
from studio.core.untrusted.refusals import Refused
from studio.imported import containers, hdf5_files, keras_files, packing, tfjs_files, tflite_files

_SAVE_AGAIN_STEP = (
    "save the model again with Keras 3 and built-in layers only: "
    'keras.Model(model.inputs, model.outputs).save("my.keras")'
)
EXPECTED = (
    "a model saved by the studio or, for classifiers, a Keras (.keras, .h5), TFLite, Teachable Machine or "
    "TensorFlow.js model, as a file, a zip or a folder"
)


def is_imported(file: File) -> bool:
    """Tells whether a stored model comes from another tool or is an export, not a preset of the studio."""
    with file.path.open("rb") as stream:
        if tflite_files.is_tflite(stream) or stream.read(8) == hdf5_files.SIGNATURE:
            return True
        members = keras_files.list_members(stream)
    return keras_files.CONFIG in members or (model_folder.SETTINGS not in members and _has_model(file.path))


def _has_model(path: Path) -> bool:
    """Tells whether a file is a zip with one model in it."""
    try:
        with path.open("rb") as stream, containers.open_zip(stream) as archive:
            return containers.find_model(archive) is not None
    except Refused:
        return False


def check(file: BinaryIO, name: str) -> None:
    """Checks a file without Keras and without its weights; takes a second at most.

    The contents of an HDF5 or TFLite file are only read in the sandbox.

    Args:
        file: the user's file.
        name: of the file.

    Raises:
        InvalidInput: if it is no supported model, or contains anything that is not allowed.
    """
    try:
        if tflite_files.is_tflite(file):
            return
        if problem := keras_files.identify_unsupported(file, name):
            raise refusal(name, *problem)
        file.seek(0)
        if file.read(8) == hdf5_files.SIGNATURE:
            return
        if name.lower().endswith(".keras") or keras_files.CONFIG in keras_files.list_members(file):
            keras_files.read(file)
            return
        with containers.open_zip(file) as archive:
            contents = containers.find_model(archive)
            if contents is None:
                raise Refused("a zip without a model in it")
            _check_names(archive, contents, name)
            if PurePosixPath(contents.model).name == containers.TFJS_MODEL:
                tfjs_files.read(containers.read_member(archive, contents.model))
    except Refused as error:
        raise refusal(name, str(error)) from None


def _check_names(archive: ZipFile, contents: containers.Contents, name: str) -> None:
    """Raises `InvalidInput` if a zip has a file of class names that cannot be read."""
    try:
        containers.read_names(archive, contents)
    except Refused as error:
        raise _names_error(name, str(error)) from None


def _names_error(name: str, received: str) -> InvalidInput:
    return invalid(
        f"class names of {make_printable(name, 60)}",
        expected="one name on each line, a JSON list or a CSV table, in UTF-8",
        received=received,
        next_step="correct or remove the file of class names",
    )


def store(path: Path, names: Path | None = None) -> File:
    """Checks and stores a model, together with class names next to it.

    Args:
        path: a file, or a folder with a model.
        names: a file with class names; None looks for the usual file names.

    Raises:
        InvalidInput: if the check fails, there is no model, or the names cannot be read.
    """
    try:
        if path.is_file() and path.name != containers.TFJS_MODEL:  # a model.json is checked after packing
            with path.open("rb") as file:
                check(file, path.name)
        data, name = packing.pack(path, names)
        check(io.BytesIO(data), name)
        return File.store(data, "model", name)
    except packing.NamesRefused as error:
        raise _names_error(path.name, str(error)) from None
    except packing.SavedModelRefused as error:
        raise refusal(path.name, *error.args) from None
    except Refused as error:
        raise refusal(path.name, str(error)) from None
    except OSError as error:
        raise refusal(path.name, error.strerror or "no file", "check the path") from None


def refusal(name: str, received: str, next_step: str = "") -> InvalidInput:
    """Returns the error for a refused model."""
    step = next_step or _SAVE_AGAIN_STEP
    return invalid(f"model {make_printable(name, 60)}", expected=EXPECTED, received=received, next_step=step)
