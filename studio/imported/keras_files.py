"""Reads an untrusted `.keras` file without running anything: its members, then its description."""

from __future__ import annotations

import contextlib
import errno
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from studio.core import amounts
from studio.core.untrusted import damage, strict_json, zips
from studio.core.untrusted.refusals import Refused
from studio.imported import class_names, config_check, description

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
LABELS = "labels.txt"  # the studio's: class names, one per line; TFLite's tools read this name, too
INPUT = "input.txt"  # the studio's: a sentence for readers on the images that the network takes
SIZE = "size.txt"  # the studio's: image side in px to which the network resizes images itself

# A description of 4 MB has some 3,000 layers and takes less than 200 MB in Python.
_MAX_MEMBER_BYTES = {
    CONFIG: 4 << 20,
    METADATA: 64 << 10,
    WEIGHTS: 1 << 30,
    LABELS: 1 << 20,
    SIZE: 16,
    INPUT: 256,
}
_MAX_DIRECTORY_BYTES = 64 << 10  # bytes of the zip's central directory
MAX_SIDE = 2048
_SIGNATURES = {
    b"\x93NUMPY": "a NumPy array",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"\x80": "a Python pickle",
}
SAVED_MODEL_FILE = "saved_model.pb"
_SAVED_LAYERS_FILE = "keras_metadata.pb"  # Keras 2 writes the layers into it; `export` of Keras 3 writes none
_KINDS_BY_EXTENSION = {".onnx": "an ONNX file", ".safetensors": "weights alone", ".pb": "a TensorFlow graph"}


@dataclass(frozen=True)
class Description:
    """The contents of a `.keras` file besides its weights.

    Attributes:
        config: checked description of the network.
        labels: class names; () without.
        side: image side in px to which the network resizes images itself; None if unknown.
    """

    config: dict[str, Any]
    labels: tuple[str, ...] = ()
    side: int | None = None


def list_members(file: BinaryIO) -> list[str]:
    """Returns the names in a zip; empty if it cannot be read as one."""
    try:
        with open_zip(file) as archive:
            return archive.namelist()
    except Refused:
        return []


def describe_saved_model(names: Iterable[str]) -> tuple[str, str]:
    """Returns what a SavedModel is and how to turn it into a Keras file, from the names of its files.

    The studio never loads one: TensorFlow would execute its graph.
    """
    if any(name.endswith(_SAVED_LAYERS_FILE) for name in names):
        step = (
            "run `pip install tf-keras`, then in Python "
            'tf_keras.models.load_model("FOLDER").save("my.keras"), and import that file'
        )
        return "a TensorFlow SavedModel of Keras 2, which can hold code", step
    step = 'in the program that made the model, save it with model.save("my.keras"), and import that file'
    return "a TensorFlow SavedModel, which holds code in place of layers", step


def identify_unsupported(file: BinaryIO, name: str) -> tuple[str, str] | None:
    """Returns what a file is and what to do if it is no model of layers; None if it may be one."""
    file.seek(0)
    head = file.read(16)
    step = 'save the model with model.save("my.keras")'
    if head.startswith(b"\x89HDF"):
        is_weights = name.lower().endswith(".weights.h5")
        return ("weights without their layers", step) if is_weights else None
    if head.startswith(b"PK"):
        names = list_members(file)
        if any(member.endswith(SAVED_MODEL_FILE) for member in names):
            return describe_saved_model(names)
        if any(member.endswith(("data.pkl", ".npy")) for member in names):
            return "a file of PyTorch or NumPy", step
        return ("weights without their layers", step) if name.lower().endswith(".weights.h5") else None
    if head.lstrip()[:1] == b"{":
        return "a model.json without its weights", "choose the folder or zip with its .bin files"
    for start, kind in _SIGNATURES.items():
        if head.startswith(start):
            return kind, "choose a model" if kind == "an image" else step
    kind = _KINDS_BY_EXTENSION.get(Path(name).suffix.lower(), "another file, or a damaged one")
    return kind, step


def read(file: BinaryIO) -> Description:
    """Returns the description of a file after checking everything but its weights.

    Raises:
        Refused: if it is no such file, or contains anything that is not allowed.
    """
    with open_zip(file) as archive:
        _check_members(archive)
        config = strict_json.parse(_read_member(archive, CONFIG), config_check.MAX_DEPTH)
        names = set(archive.namelist())
        version = _parse_version(_read_member(archive, METADATA)) if METADATA in names else "3."
        config = description.prepare(config, version)
        labels = _parse_labels(_read_member(archive, LABELS)) if LABELS in names else ()
        return Description(
            config, labels, _parse_side(_read_member(archive, SIZE)) if SIZE in names else None
        )


def _parse_version(metadata: bytes) -> Any:
    """Returns the Keras version in `metadata.json`."""
    content = strict_json.parse(metadata, config_check.MAX_DEPTH)
    return content.get("keras_version") if isinstance(content, dict) else "3."


def unpack_weights(file: BinaryIO, target: Path) -> None:
    """Writes the weights of a file that passed `read` to `target`. Raises `Refused` if they are damaged."""
    with (
        open_zip(file) as archive,
        _refuse_damage("damaged weights"),
        archive.open(WEIGHTS) as source,
        target.open("wb") as sink,
    ):
        shutil.copyfileobj(source, sink)  # never more than the size that was checked


def open_zip(file: BinaryIO, most: int = _MAX_DIRECTORY_BYTES) -> zipfile.ZipFile:
    """Opens a zip. Raises `Refused` if it is damaged, or its central directory has more than `most` bytes."""
    try:
        return zips.open_zip(file, most)
    except zips.TooLong:
        raise Refused("a zip with a list of members that is too long") from None
    except damage.ZIP_ERRORS:
        raise Refused("not a zip, or a damaged one") from None


def _check_members(archive: zipfile.ZipFile) -> None:
    """Raises `Refused` unless a zip has the members of a `.keras` file, of usual sizes."""
    infos = archive.infolist()
    names = [member.filename for member in infos]
    if unknown_names := [name for name in names if name not in _MAX_MEMBER_BYTES]:
        raise Refused(f"a zip with {unknown_names[0]:.60} in it")
    if len(set(names)) < len(names):
        raise Refused("a zip that has the same member twice")
    if missing := [name for name in (CONFIG, WEIGHTS) if name not in names]:
        raise Refused(f"a zip without {missing[0]}")
    for member in infos:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
            raise Refused(f"a zip whose {member.filename} is encrypted, or packed in an unusual way")
        if member.file_size > _MAX_MEMBER_BYTES[member.filename]:
            size = amounts.format_bytes(member.file_size)
            limit = amounts.format_bytes(_MAX_MEMBER_BYTES[member.filename])
            raise Refused(f"a {member.filename} of {size}, more than {limit}")


def _read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Returns the bytes of a member. Raises `Refused` if they are damaged."""
    with _refuse_damage(f"a damaged {name}"):
        return zips.read(archive, archive.getinfo(name))


@contextlib.contextmanager
def _refuse_damage(reason: str) -> Iterator[None]:
    """Turns zipfile's errors about damaged bytes into `Refused`."""
    try:
        yield
    except damage.ZIP_ERRORS as error:
        # A member with a negative offset gives EINVAL; other errors, such as a full disk, are no damage.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise Refused(reason) from None


def _parse_labels(data: bytes) -> tuple[str, ...]:
    """Returns class names; empty if they are not plain text."""
    try:
        return class_names.read(data, LABELS)
    except Refused:
        return ()


def _parse_side(data: bytes) -> int | None:
    """Returns the image side in px; None if it is no valid number."""
    text = data.decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() and text.isascii() and 8 <= int(text) <= MAX_SIDE else None
