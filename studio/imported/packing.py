"""Packs a model with the names of its classes and its preprocessing, so that they stay with it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from studio.core.untrusted.refusals import Refused
from studio.imported import class_names, containers, keras_files

_LABELS = class_names.FILES[0]
_MOST_LIST = 16 << 20  # bytes of a model.json


def packed(path: Path, names: Path | None = None) -> tuple[bytes, str]:
    """A model of the disk as one file, and what that is called.

    Args:
        path: of the file or the folder.
        names: a file that names its classes; None for one next to it.

    Raises:
        Refused: if a folder holds no model, or the names cannot be read.
        OSError: if a file cannot be read.
    """
    if path.is_dir() or path.name == containers.WEB:
        data, name = _folder(path if path.is_dir() else path.parent), f"{_folder_name(path)}.zip"
    else:
        data, name = path.read_bytes(), path.name
    names_file = names or (
        _find_names(path.parent) if path.is_file() and path.name != containers.WEB else None
    )
    if names_file is None:
        return data, name
    if names is None and _has_names(data):
        return data, name
    try:
        listed = class_names.read(names_file.read_bytes(), names_file.name)
    except Refused:
        if names is None:
            return data, name
        raise
    return with_names(data, name, listed), zip_name(name)


def with_names(data: bytes, name: str, names: Sequence[str]) -> bytes:
    """A model, packed already or not, with names of its classes next to it.

    Raises:
        Refused: if it is a zip without a model.
    """
    return _repacked(data, name, {_LABELS: class_names.written(names)})


def with_preprocessing(data: bytes, name: str, choice: str) -> bytes:
    """A model, packed already or not, with its preprocessing next to it.

    Raises:
        Refused: if it is a zip without a model.
    """
    entries: dict[str, Any] = {}
    if _is_container(data):
        with containers.opened(io.BytesIO(data)) as packed:
            if contents := containers.find(packed):
                entries = containers.metadata_in(packed, contents)
    return _repacked(
        data, name, {containers.METADATA: json.dumps(entries | {"preprocessing": choice}).encode()}
    )


def _repacked(data: bytes, name: str, files: Mapping[str, bytes]) -> bytes:
    """A model as a zip with some files next to it, in place of those of the same name."""
    if not _is_container(data):
        return containers.packed({PurePosixPath(name).name: data, **files})
    with containers.opened(io.BytesIO(data)) as packed:
        contents = containers.find(packed)
        if contents is None:
            raise Refused("a zip without a model in it")
        parts = (contents.model, *contents.shards, contents.names, contents.metadata)
        kept = {PurePosixPath(one).name: containers.member(packed, one) for one in parts if one}
    return containers.packed({**kept, **files})


def zip_name(name: str) -> str:
    """What a model is called once it is packed."""
    return f"{PurePosixPath(name).stem}.zip"


def _is_container(data: bytes) -> bool:
    listed = keras_files.members(io.BytesIO(data)) if data.startswith(b"PK") else []
    return bool(listed) and keras_files.CONFIG not in listed


def _has_names(data: bytes) -> bool:
    # Every .keras file has a metadata.json, which names no classes.
    names = class_names.FILES if _is_container(data) else (keras_files.LABELS,)
    return any(PurePosixPath(one).name in names for one in keras_files.members(io.BytesIO(data)))


def _folder_name(path: Path) -> str:
    return (path if path.is_dir() else path.parent).absolute().name or "model"


def _models(folder: Path) -> list[Path]:
    listed = [one for one in sorted(folder.iterdir()) if one.is_file()]
    whole = [one for one in listed if one.suffix.lower() in containers.MODELS and ".weights." not in one.name]
    return whole or [one for one in listed if one.name == containers.WEB]


def _folder(folder: Path) -> bytes:
    found = _models(folder)
    if not found:
        saved = (folder / keras_files.GRAPH).is_file()
        raise Refused(keras_files.SAVED_MODEL if saved else "a folder without a model in it")
    if len(found) > 1:
        raise Refused("a folder with several models in it")
    files: dict[str, Path | bytes] = {found[0].name: found[0]}
    if found[0].name == containers.WEB:
        files |= {one.name: one for one in _shards(found[0]) if one.is_file()}
    metadata = folder / containers.METADATA
    if metadata.is_file() and metadata.stat().st_size <= class_names.MOST_BYTES:
        files[metadata.name] = metadata
    names_file = _find_names(folder)
    return containers.packed(files | ({names_file.name: names_file} if names_file else {}))


def _shards(listing: Path) -> list[Path]:
    """The files that a `model.json` names next to it; none elsewhere."""
    try:
        manifest = json.loads(listing.read_bytes()[:_MOST_LIST])["weightsManifest"]
        named = [str(one) for group in manifest for one in group["paths"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [listing.parent / one for one in named if PurePosixPath(one).name == one]


def _find_names(folder: Path) -> Path | None:
    candidates = (folder / one for one in class_names.FILES)
    return next(
        (one for one in candidates if one.is_file() and one.stat().st_size <= class_names.MOST_BYTES), None
    )
