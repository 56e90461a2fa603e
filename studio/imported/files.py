"""Files of third-party models as users give them: checked without Keras, and kept as they are."""

from __future__ import annotations

import io
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from studio.core.errors import InvalidInput, invalid, printable
from studio.core.models import model_folder
from studio.core.tasks import File
from studio.core.untrusted.refusals import Refused
from studio.imported import containers, hdf5_files, keras_files, packing, tfjs_files

_SAVE_AGAIN = (
    "save the model again with Keras 3 and built-in layers only: "
    'keras.Model(model.inputs, model.outputs).save("my.keras")'
)
EXPECTED = (
    "a model saved by the studio or, for classifiers, a Keras (.keras, .h5), Teachable Machine or "
    "TensorFlow.js model, as a file, a zip or a folder"
)


def is_imported(file: File) -> bool:
    """Whether a kept model was made elsewhere, or exported for elsewhere; not one that the studio saved."""
    with file.path.open("rb") as opened:
        if opened.read(8) == hdf5_files.SIGN:
            return True
        members = keras_files.members(opened)
    return keras_files.CONFIG in members or (model_folder.SETTINGS not in members and _has_model(file.path))


def _has_model(path: Path) -> bool:
    try:
        with path.open("rb") as opened, containers.opened(opened) as packed:
            return containers.find(packed) is not None
    except Refused:
        return False


def check(file: BinaryIO, name: str) -> None:
    """Checks a file without Keras and without its weights; a second at most.

    The contents of an HDF5 file are read in the sandbox alone.

    Args:
        file: the file that a user gave.
        name: of it.

    Raises:
        InvalidInput: if it is no model of layers, or has anything in it that it should not have.
    """
    try:
        if other := keras_files.other(file, name):
            raise refusal(name, *other)
        file.seek(0)
        if file.read(8) == hdf5_files.SIGN:
            return
        if name.lower().endswith(".keras") or keras_files.CONFIG in keras_files.members(file):
            keras_files.read(file)
            return
        with containers.opened(file) as packed:
            contents = containers.find(packed)
            if contents is None:
                raise Refused("a zip without a model in it")
            if PurePosixPath(contents.model).name == containers.WEB:
                tfjs_files.read(containers.member(packed, contents.model))
    except Refused as error:
        raise refusal(name, str(error)) from None


def keep(path: Path, names: Path | None = None) -> File:
    """Keeps a model that passes `check`, with the names of its classes where they lie next to it.

    Args:
        path: of a file, or of a folder that holds a model.
        names: a file that names its classes; None for one next to it with a usual name.

    Raises:
        InvalidInput: if it does not pass, or is none, or the names cannot be read.
    """
    try:
        if path.is_file() and path.name != containers.WEB:  # packed it may have another name
            with path.open("rb") as file:
                check(file, path.name)
        data, name = packing.packed(path, names)
        check(io.BytesIO(data), name)
        return File.keep(data, "model", name)
    except Refused as error:
        raise refusal(path.name, str(error)) from None
    except OSError as error:
        raise refusal(path.name, error.strerror or "no file", "check the path") from None


def refusal(name: str, received: str, next_step: str = "") -> InvalidInput:
    """The error for a model that is refused."""
    step = next_step or _SAVE_AGAIN
    return invalid(f"model {printable(name, 60)}", expected=EXPECTED, received=received, next_step=step)
