"""Reads an untrusted `.keras` file without running anything: its members, then its description."""

from __future__ import annotations

import contextlib
import errno
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from studio.core import amounts
from studio.core.untrusted import damage, strict_json, zips
from studio.core.untrusted.refusals import Refused
from studio.imported import class_names, config_check, description

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
LABELS = "labels.txt"  # ours: the names of the classes, a line each; TFLite's own tools look for it, too
SIZE = "size.txt"  # ours: the side in px to which the network resizes images itself

# A description of 4 MB has some 3,000 layers; what Python makes of the worst one stays below 200 MB.
_MOST = {CONFIG: 4 << 20, METADATA: 64 << 10, WEIGHTS: 1 << 30, LABELS: 1 << 20, SIZE: 16}
_MOST_DIRECTORY = 64 << 10  # bytes of the zip's own list of members
MOST_SIDE = 2048
_HEADS = {
    b"\x93NUMPY": "a NumPy array",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"\x80": "a Python pickle",
}
GRAPH = "saved_model.pb"
SAVED_MODEL = "a TensorFlow SavedModel, which can hold code"
_ENDINGS = {".onnx": "an ONNX file", ".safetensors": "weights alone", ".pb": "a TensorFlow graph"}


@dataclass(frozen=True)
class Description:
    """What a `.keras` file says of itself.

    Attributes:
        config: the checked description of its network.
        labels: the names of its classes, where it has them.
        side: the side in px to which it resizes images itself, where it says so.
    """

    config: dict[str, Any]
    labels: tuple[str, ...] = ()
    side: int | None = None


def members(file: BinaryIO) -> list[str]:
    """The names in a zip; none of what is no zip that could be read."""
    try:
        with open_zip(file) as packed:
            return packed.namelist()
    except Refused:
        return []


def other(file: BinaryIO, name: str) -> tuple[str, str] | None:
    """What a file is that is no model of layers, and what to do; None if it may be one."""
    file.seek(0)
    head = file.read(16)
    ending = Path(name).suffix.lower()
    step = 'save the model with model.save("my.keras")'
    if head.startswith(b"\x89HDF"):
        alone = ("weights without their layers", step)
        return alone if name.lower().endswith(".weights.h5") else None
    if head.startswith(b"PK"):
        listed = members(file)
        if any(one.endswith(GRAPH) for one in listed):
            return SAVED_MODEL, step
        if any(one.lower().endswith(".tflite") for one in listed):
            return "a zip with a TFLite file", step
        if any(one.endswith(("data.pkl", ".npy")) for one in listed):
            return "a file of PyTorch or NumPy", step
        return ("weights without their layers", step) if name.lower().endswith(".weights.h5") else None
    if head.lstrip()[:1] == b"{":
        return (
            "a model.json without its weights",
            "choose the folder or zip with its .bin files",
        )
    if head[4:8] == b"TFL3":
        return "a TFLite file", step
    for start, what in _HEADS.items():
        if head.startswith(start):
            return what, "choose a model" if what == "an image" else step
    return (_ENDINGS.get(ending, "another file, or a damaged one"), step)


def read(file: BinaryIO) -> Description:
    """What a file says of itself, once all but its weights is known to be harmless.

    Raises:
        Refused: if it is no such file, or has anything in it that it should not have.
    """
    with open_zip(file) as packed:
        _check_members(packed)
        config = strict_json.parsed(_member(packed, CONFIG), config_check.MOST_DEPTH)
        names = set(packed.namelist())
        version = _version(_member(packed, METADATA)) if METADATA in names else "3."
        config = description.prepare(config, version)
        labels = _lines(_member(packed, LABELS)) if LABELS in names else ()
        return Description(config, labels, _side(_member(packed, SIZE)) if SIZE in names else None)


def _version(metadata: bytes) -> Any:
    found = strict_json.parsed(metadata, config_check.MOST_DEPTH)
    return found.get("keras_version") if isinstance(found, dict) else "3."


def unpack_weights(file: BinaryIO, target: Path) -> None:
    """Writes the weights of a file that `read` took to `target`. Raises `Refused` if they are damaged."""
    with (
        open_zip(file) as packed,
        _undamaged("damaged weights"),
        packed.open(WEIGHTS) as source,
        target.open("wb") as sink,
    ):
        shutil.copyfileobj(source, sink)  # never more than the size that was checked


def open_zip(file: BinaryIO, most: int = _MOST_DIRECTORY) -> zipfile.ZipFile:
    """The zip. Raises `Refused` if it is none, or its list of members has more than `most` bytes."""
    try:
        return zips.open_zip(file, most)
    except zips.TooLong:
        raise Refused("a zip with a list of members that is too long") from None
    except damage.ZIP:
        raise Refused("not a zip, or a damaged one") from None


def _check_members(packed: zipfile.ZipFile) -> None:
    listed = packed.infolist()
    names = [one.filename for one in listed]
    if others := [name for name in names if name not in _MOST]:
        raise Refused(f"a zip with {others[0]:.60} in it")
    if len(set(names)) < len(names):
        raise Refused("a zip that has the same member twice")
    if missing := [name for name in (CONFIG, WEIGHTS) if name not in names]:
        raise Refused(f"a zip without {missing[0]}")
    for one in listed:
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or one.flag_bits & 1:
            raise Refused(f"a zip whose {one.filename} is encrypted, or packed in an unusual way")
        if one.file_size > _MOST[one.filename]:
            larger, most = amounts.size(one.file_size), amounts.size(_MOST[one.filename])
            raise Refused(f"a {one.filename} of {larger}, more than {most}")


def _member(packed: zipfile.ZipFile, name: str) -> bytes:
    with _undamaged(f"a damaged {name}"):
        return zips.read(packed, packed.getinfo(name))


@contextlib.contextmanager
def _undamaged(reason: str) -> Iterator[None]:
    """What zipfile raises for bytes that are not as they should be becomes `Refused`."""
    try:
        yield
    except damage.ZIP as error:
        # A member that is said to lie before the file is "invalid"; a full disk, say, is no damage.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise Refused(reason) from None


def _lines(data: bytes) -> tuple[str, ...]:
    """Names of classes; none if they are no plain text."""
    try:
        return class_names.read(data, LABELS)
    except Refused:
        return ()


def _side(data: bytes) -> int | None:
    text = data.decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() and text.isascii() and 8 <= int(text) <= MOST_SIDE else None
