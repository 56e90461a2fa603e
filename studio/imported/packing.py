"""Packs a model with its class names and preprocessing into one file."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from studio.core.untrusted.refusals import Refused
from studio.imported import class_names, containers, keras_files

_LABELS = class_names.FILES[0]
_MAX_LISTING_BYTES = 16 << 20  # bytes of a model.json


class SavedModelRefused(Refused):
    """A folder is a SavedModel. Its arguments are the reason and what to do."""


class NamesRefused(Refused):
    """Class names of a model cannot be read."""


def pack(path: Path, names: Path | None = None) -> tuple[bytes, str]:
    """Returns a model on the disk as one file, and that file's name.

    Args:
        path: of the file or the folder.
        names: a file with class names; None looks next to the model.

    Raises:
        NamesRefused: if the names cannot be read.
        Refused: if a folder has no model.
        OSError: if a file cannot be read.
    """
    if path.is_dir() or path.name == containers.TFJS_MODEL:
        folder = path if path.is_dir() else path.parent
        data, name = _pack_folder(folder), f"{folder.absolute().name or 'model'}.zip"
        names_file = names
    else:
        data, name = path.read_bytes(), path.name
        names_file = names or _find_names_file(path.parent)
    if names_file is None or (names is None and _has_names(data)):
        return data, name
    try:
        labels = class_names.read(names_file.read_bytes(), names_file.name)
    except Refused as error:
        raise NamesRefused(f"{error}, in {names_file.name:.60}") from None
    return with_names(data, name, labels), zip_name(name)


def with_names(data: bytes, name: str, names: Sequence[str]) -> bytes:
    """Returns a model, packed or not, as a zip with class names.

    Raises:
        Refused: if it is a zip without a model.
    """
    return _repack(data, name, {_LABELS: class_names.encode(names)})


def with_preprocessing(data: bytes, name: str, choice: str) -> bytes:
    """Returns a model, packed or not, as a zip with its preprocessing.

    Raises:
        Refused: if it is a zip without a model.
    """
    entries: dict[str, Any] = {}
    if _is_container(data):
        with containers.open_zip(io.BytesIO(data)) as archive:
            if contents := containers.find_model(archive):
                entries = containers.read_metadata(archive, contents)
    return _repack(
        data, name, {containers.METADATA: json.dumps(entries | {"preprocessing": choice}).encode()}
    )


def _repack(data: bytes, name: str, files: Mapping[str, bytes]) -> bytes:
    """Returns a model as a zip with some files, which replace those of the same name."""
    if not _is_container(data):
        return containers.pack({PurePosixPath(name).name: data, **files})
    with containers.open_zip(io.BytesIO(data)) as archive:
        contents = containers.find_model(archive)
        if contents is None:
            raise Refused("a zip without a model in it")
        names = (contents.model, *contents.shards, contents.names, contents.metadata)
        members = {PurePosixPath(name).name: containers.read_member(archive, name) for name in names if name}
    return containers.pack({**members, **files})


def zip_name(name: str) -> str:
    """Returns the name of a model's zip."""
    return f"{PurePosixPath(name).stem}.zip"


def _is_container(data: bytes) -> bool:
    """Tells whether a model is in a zip that is no `.keras` file itself."""
    names = keras_files.list_members(io.BytesIO(data)) if data.startswith(b"PK") else []
    return bool(names) and keras_files.CONFIG not in names


def _has_names(data: bytes) -> bool:
    """Tells whether a model has class names in it."""
    # Every .keras file has a metadata.json, which names no classes.
    names = class_names.FILES if _is_container(data) else (keras_files.LABELS,)
    return any(PurePosixPath(member).name in names for member in keras_files.list_members(io.BytesIO(data)))


def _find_models(folder: Path) -> list[Path]:
    """Returns the model files in a folder; without any, its `model.json`."""
    paths = [path for path in sorted(folder.iterdir()) if path.is_file()]
    model_files = [
        path
        for path in paths
        if path.suffix.lower() in containers.MODEL_EXTENSIONS and ".weights." not in path.name
    ]
    return model_files or [path for path in paths if path.name == containers.TFJS_MODEL]


def _pack_folder(folder: Path) -> bytes:
    """Returns a zip of the model in a folder and its metadata. Raises `Refused` unless there is one."""
    models = _find_models(folder)
    if not models:
        names = [path.name for path in folder.iterdir()]
        if keras_files.SAVED_MODEL_FILE in names:
            raise SavedModelRefused(*keras_files.describe_saved_model(names))
        raise Refused("a folder without a model in it")
    if len(models) > 1:
        raise Refused("a folder with several models in it")
    files: dict[str, Path | bytes] = {models[0].name: models[0]}
    if models[0].name == containers.TFJS_MODEL:
        files |= {path.name: path for path in _find_shards(models[0]) if path.is_file()}
    metadata = folder / containers.METADATA
    if metadata.is_file() and metadata.stat().st_size <= class_names.MAX_BYTES:
        files[metadata.name] = metadata
    names_file = _find_names_file(folder)
    return containers.pack(files | ({names_file.name: names_file} if names_file else {}))


def _find_shards(listing: Path) -> list[Path]:
    """Returns the files next to a `model.json` that it names; ignores other paths."""
    try:
        manifest = json.loads(listing.read_bytes()[:_MAX_LISTING_BYTES])["weightsManifest"]
        names = [str(name) for group in manifest for name in group["paths"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [listing.parent / name for name in names if PurePosixPath(name).name == name]


def _find_names_file(folder: Path) -> Path | None:
    """Returns the first file with class names in a folder; None without.

    Ignores others of such a name, because they need not belong to the model.
    """
    for path in (folder / name for name in class_names.FILES):
        if path.is_file() and path.stat().st_size <= class_names.MAX_BYTES:
            with suppress(Refused):
                class_names.read(path.read_bytes(), path.name)
                return path
    return None
