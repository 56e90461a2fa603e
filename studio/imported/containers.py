"""A zip with a model and its metadata, as exported by Teachable Machine or packed by the studio.

It holds an HDF5, `.keras` or `.tflite` file, or a `model.json` of TensorFlow.js with its shards, and
optionally class names.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from studio.core import amounts
from studio.core.untrusted import damage, strict_json, zips
from studio.core.untrusted.refusals import Refused
from studio.imported import class_names, keras_files, tfjs_files

MODEL_EXTENSIONS = (".h5", ".hdf5", ".keras", ".tflite")
TFJS_MODEL = "model.json"
METADATA = "metadata.json"  # class names, preprocessing; in Teachable Machine's and the studio's exports
_SHARD_EXTENSION = ".bin"
_MAX_DIRECTORY_BYTES = 256 << 10  # bytes of the zip's central directory
_MAX_MEMBERS = 500
_MAX_DEPTH = 8
MAX_MODEL_BYTES = 2 << 30  # bytes, unpacked


@dataclass(frozen=True)
class Contents:
    """The relevant members of a zip.

    Attributes:
        model: the model.
        shards: files next to a TensorFlow.js model that may hold weights.
        names: file with class names; "" without.
        metadata: file that may name the preprocessing; "" without.
    """

    model: str
    shards: tuple[str, ...] = ()
    names: str = ""
    metadata: str = ""


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Opens a zip. Raises `Refused` if it is damaged or has too many members."""
    archive = keras_files.open_zip(file, _MAX_DIRECTORY_BYTES)
    if len(archive.namelist()) > _MAX_MEMBERS:
        raise Refused("a zip with too many members")
    return archive


def find_model(archive: zipfile.ZipFile) -> Contents | None:
    """Finds the model in a zip; None if there is none.

    Raises:
        Refused: if there are several, or the zip contains anything that is not allowed.
    """
    visible_names = [name for name in archive.namelist() if _is_relevant(name)]
    model_files = [
        name
        for name in visible_names
        if name.lower().endswith(MODEL_EXTENSIONS) and not name.lower().endswith(".weights.h5")
    ]
    web_models = [name for name in visible_names if PurePosixPath(name).name == TFJS_MODEL]
    if not model_files and not web_models:
        return None
    if len(model_files) > 1 or (not model_files and len(web_models) > 1):
        raise Refused("a zip with several models in it")
    model = (model_files or web_models)[0]
    siblings = [name for name in visible_names if PurePosixPath(name).parent == PurePosixPath(model).parent]
    shards = () if model_files else tuple(name for name in siblings if name.endswith(_SHARD_EXTENSION))
    by_name = {PurePosixPath(name).name.lower(): name for name in siblings}
    names = next((by_name[file] for file in class_names.FILES if file in by_name), "")
    metadata = by_name.get(METADATA, "")
    _check_members(archive, [model, *shards, *{name for name in (names, metadata) if name}])
    if not model_files and archive.getinfo(model).file_size > tfjs_files.MAX_DESCRIPTION_BYTES:
        raise Refused(tfjs_files.TOO_LONG_REASON)
    return Contents(model, shards, names, metadata)


def _is_relevant(name: str) -> bool:
    """Tells whether a member is a file that the user sees, not metadata of macOS."""
    parts = PurePosixPath(name).parts
    return not name.endswith("/") and not any(part.startswith((".", "__MACOSX")) for part in parts)


def _check_members(archive: zipfile.ZipFile, names: Sequence[str]) -> None:
    """Raises `Refused` if a member is ambiguous or packed in an unusual way, or all are too large."""
    all_names = archive.namelist()
    for name in names:
        if all_names.count(name) > 1:
            raise Refused("a zip that has the same member twice")
        info = archive.getinfo(name)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise Refused(f"a zip whose {PurePosixPath(name).name:.60} is packed in an unusual way")
    if (total := sum(archive.getinfo(name).file_size for name in names)) > MAX_MODEL_BYTES:
        raise Refused(
            f"a model of {amounts.format_bytes(total)}, more than {amounts.format_bytes(MAX_MODEL_BYTES)}"
        )


def read_names(archive: zipfile.ZipFile, contents: Contents) -> tuple[str, ...]:
    """Returns the class names; empty without.

    Raises:
        Refused: if their file cannot be read; a `metadata.json` may have none.
    """
    name = PurePosixPath(contents.names).name
    if not name:
        return ()
    try:
        if archive.getinfo(contents.names).file_size > class_names.MAX_BYTES:
            raise Refused("class names that are too long")
        return class_names.read(read_member(archive, contents.names), name)
    except Refused as error:
        if name == METADATA:
            return ()
        raise Refused(f"{error}, in {name:.60}") from None


def read_metadata(archive: zipfile.ZipFile, contents: Contents) -> dict[str, Any]:
    """Returns the entries of `metadata.json`; empty if it cannot be read."""
    if not contents.metadata or archive.getinfo(contents.metadata).file_size > class_names.MAX_BYTES:
        return {}
    try:
        entries = strict_json.parse(read_member(archive, contents.metadata), _MAX_DEPTH)
    except Refused:
        return {}
    return entries if isinstance(entries, dict) else {}


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Returns the bytes of a member. Raises `Refused` if they are damaged."""
    try:
        return zips.read(archive, archive.getinfo(name))
    except damage.ZIP_ERRORS:
        raise Refused(f"a damaged {PurePosixPath(name).name:.60}") from None


def unpack(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    """Writes a member to `target`. Raises `Refused` if it is damaged."""
    try:
        with archive.open(name) as source, target.open("wb") as sink:
            remaining = archive.getinfo(name).file_size
            while remaining and (chunk := source.read(min(remaining, 1 << 20))):
                remaining -= sink.write(chunk)
    except damage.ZIP_ERRORS:
        raise Refused(f"a damaged {PurePosixPath(name).name:.60}") from None


def pack(files: Mapping[str, Path | bytes]) -> bytes:
    """Returns a zip of some files; identical for identical files."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, source in files.items():
            data = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
            with data, archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as sink:
                shutil.copyfileobj(data, sink)
    return body.getvalue()
