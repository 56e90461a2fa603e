"""Packs a model with the names of its classes, so that both go wherever it goes."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from studio.core.brought.files import containers, keras_files, labels
from studio.core.untrusted.refusals import Refused

_LABELS = labels.FILES[0]
_MOST_LIST = 16 << 20  # bytes of a model.json


def packed(path: Path, names: Path | None = None) -> tuple[bytes, str]:
    """A model of the disk as one file, and what that is called.

    Args:
        path: of the file or the folder.
        names: a file that names its classes; None for one beside it.

    Raises:
        Refused: if a folder holds no model, or the names cannot be read.
        OSError: if a file cannot be read.
    """
    if path.is_dir() or path.name == containers.WEB:
        data, name = _folder(path if path.is_dir() else path.parent), f"{_folder_name(path)}.zip"
    else:
        data, name = path.read_bytes(), path.name
    given = names or (_beside(path.parent) if path.is_file() and path.name != containers.WEB else None)
    if given is None:
        return data, name
    if names is None and _has_names(data):
        return data, name
    try:
        found = labels.read(given.read_bytes(), given.name)
    except Refused:
        if names is None:
            return data, name
        raise
    return with_names(data, name, found), zip_name(name)


def with_names(data: bytes, name: str, names: Sequence[str]) -> bytes:
    """A model, be it packed already or not, with names of its classes beside it."""
    written = labels.written(names)
    if _is_container(data):
        with containers.opened(io.BytesIO(data)) as given:
            found = containers.find(given)
            if found is None:
                raise Refused("a zip without a model in it")
            parts = (found.model, *found.shards, *([found.told] if found.told else []))
            kept = {PurePosixPath(one).name: containers.member(given, one) for one in parts}
        return containers.packed({**kept, _LABELS: written})
    return containers.packed({PurePosixPath(name).name: data, _LABELS: written})


def zip_name(name: str) -> str:
    """What a model is called once it is packed."""
    return f"{PurePosixPath(name).stem}.zip"


def _is_container(data: bytes) -> bool:
    listed = keras_files.members(io.BytesIO(data)) if data.startswith(b"PK") else []
    return bool(listed) and keras_files.CONFIG not in listed


def _has_names(data: bytes) -> bool:
    # Every .keras file has a metadata.json, which names no classes.
    names = labels.FILES if _is_container(data) else (keras_files.LABELS,)
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
    told = folder / containers.TOLD
    if told.is_file() and told.stat().st_size <= labels.MOST_BYTES:
        files[told.name] = told
    beside = _beside(folder)
    return containers.packed(files | ({beside.name: beside} if beside else {}))


def _shards(listing: Path) -> list[Path]:
    """The files that a `model.json` names beside it; none elsewhere."""
    try:
        manifest = json.loads(listing.read_bytes()[:_MOST_LIST])["weightsManifest"]
        named = [str(one) for group in manifest for one in group["paths"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [listing.parent / one for one in named if PurePosixPath(one).name == one]


def _beside(folder: Path) -> Path | None:
    there = (folder / one for one in labels.FILES)
    return next((one for one in there if one.is_file() and one.stat().st_size <= labels.MOST_BYTES), None)
