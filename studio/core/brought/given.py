"""A model that was made elsewhere, as a person gives it: looked over without Keras, and kept as it is."""

from __future__ import annotations

import io
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from studio.core.brought.files import containers, hdf5_files, keras_files, packing, web_files
from studio.core.errors import InvalidInput, invalid, printable
from studio.core.models import model_folder
from studio.core.tasks import File
from studio.core.untrusted.refusals import Refused

_ANEW = (
    "save it anew with Keras 3, made of Keras' own layers alone, by "
    'keras.Model(model.inputs, model.outputs).save("my.keras")'
)
EXPECTED = (
    "a model that the studio saved, or for classifiers one of Keras (.keras, .h5), Teachable Machine or "
    "TensorFlow.js, as a file, a zip or a folder"
)


def is_one(file: File) -> bool:
    """Whether a kept model was made elsewhere, or exported for elsewhere; not one that the studio saved."""
    with file.path.open("rb") as opened:
        if opened.read(8) == hdf5_files.SIGN:
            return True
        listed = keras_files.members(opened)
    return keras_files.CONFIG in listed or (model_folder.SETTINGS not in listed and _has_model(file.path))


def _has_model(path: Path) -> bool:
    try:
        with path.open("rb") as opened, containers.opened(opened) as packed:
            return containers.find(packed) is not None
    except Refused:
        return False


def check(file: BinaryIO, name: str) -> None:
    """Looks a file over without Keras and without its weights; a second at most.

    What is in an HDF5 file is looked at in the sandbox alone.

    Args:
        file: what a person gave.
        name: of it.

    Raises:
        InvalidInput: if it is no model of layers, or has anything in it that it should not have.
    """
    try:
        if other := keras_files.other(file, name):
            raise refused(name, *other)
        file.seek(0)
        if file.read(8) == hdf5_files.SIGN:
            return
        if name.lower().endswith(".keras") or keras_files.CONFIG in keras_files.members(file):
            keras_files.read(file)
            return
        with containers.opened(file) as packed:
            found = containers.find(packed)
            if found is None:
                raise Refused("a zip without a model in it")
            if PurePosixPath(found.model).name == containers.WEB:
                web_files.read(containers.member(packed, found.model))
    except Refused as error:
        raise refused(name, str(error)) from None


def bring(path: Path, names: Path | None = None) -> File:
    """Keeps a model that passes `check`, with the names of its classes where they lie beside it.

    Args:
        path: of a file, or of a folder that holds a model.
        names: a file that names its classes; None for one beside it that is called as such files are.

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
        raise refused(path.name, str(error)) from None
    except OSError as error:
        raise refused(path.name, error.strerror or "no file", "check the path") from None


def refused(name: str, received: str, next_step: str = "") -> InvalidInput:
    """What a person is told of a model that cannot be taken."""
    step = next_step or _ANEW
    return invalid(f"model {printable(name, 60)}", expected=EXPECTED, received=received, next_step=step)
