"""Packs a model folder as a zip and unpacks it. Nothing in the zip is executed, no path in it is followed."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from studio.core import recipes
from studio.core.errors import InvalidInput, invalid
from studio.core.models.model_folder import (
    CARD,
    MAX_FILE_BYTES,
    MAX_TEXT_BYTES,
    MEMBERS,
    OPTIONAL,
    RECIPE,
    SETTINGS,
    WEIGHTS,
    parse_manifest,
)
from studio.core.untrusted import damage, zips


def pack(folder: Path) -> bytes:
    """Packs a model folder as a zip without compression, because weights hardly compress."""
    names = (*MEMBERS, *(name for name in OPTIONAL if (folder / name).is_file()))
    return write_zip({name: (folder / name).read_bytes() for name in names})


def add_note(data: bytes, note: str) -> bytes:
    """Adds a sentence to the card of a zipped model. Raises as `unpack`."""
    members = unpack(data)
    members[CARD] = members[CARD].rstrip() + f"\n\n{note}\n".encode()
    return write_zip({name: members[name] for name in (*MEMBERS, *OPTIONAL) if name in members})


def write_zip(members: Mapping[str, bytes | str]) -> bytes:
    """Returns a zip without compression; the same bytes for the same members, whose date is always 1980."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, body in members.items():
            file.writestr(zipfile.ZipInfo(name), body)
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """Unpacks the files of a zipped model, by name. Raises `InvalidInput` if it is not exactly such a zip."""
    try:
        with zips.open_zip(io.BytesIO(data), MAX_TEXT_BYTES) as file:
            return {entry.filename: zips.read(file, entry) for entry in _list_entries(file)}
    except damage.ZIP_ERRORS:
        raise _invalid_model_error("another file, or a damaged one") from None


def check(path: Path) -> None:
    """Checks a zipped model like `presets.unpack`, but writes nothing and never holds its weights in memory.

    Raises:
        InvalidInput: if it is not exactly such a zip, or one of its files is not valid.
    """
    try:
        with zips.open_zip(path, MAX_TEXT_BYTES) as file:
            entries = _list_entries(file)
            texts = {entry.filename: zips.read(file, entry) for entry in entries if entry.filename != WEIGHTS}
            with file.open(WEIGHTS) as weights:
                digest = hashlib.file_digest(weights, "sha256").hexdigest()  # type: ignore[arg-type]
    except damage.ZIP_ERRORS:
        raise _invalid_model_error("another file, or a damaged one") from None
    recipes.read(texts[RECIPE])
    try:
        manifest = parse_manifest(texts[SETTINGS])
    except ValueError:
        raise _invalid_model_error(f"{SETTINGS} that the studio did not write") from None
    if manifest.weights != digest:
        raise _invalid_model_error(f"other {WEIGHTS} than {SETTINGS} names")


def _list_entries(file: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Returns the entries of a zipped model. Raises `InvalidInput` for other or too large files."""
    entries = file.infolist()
    names = [entry.filename for entry in entries]
    optional_names = [name for name in names if name in OPTIONAL]
    other_names = sorted(name for name in names if name not in OPTIONAL)
    if len(set(optional_names)) < len(optional_names) or other_names != sorted(MEMBERS):
        raise _invalid_model_error("other files in it")
    for entry in entries:
        max_bytes = MAX_FILE_BYTES.get(entry.filename, MAX_TEXT_BYTES)
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 or entry.file_size > max_bytes:
            raise _invalid_model_error(f"{entry.filename} compressed, encrypted or too large")
    return entries


def _invalid_model_error(received: str) -> InvalidInput:
    step = "choose a zip of a model that the studio saved"
    return invalid("model", expected=f"a zip of {', '.join(MEMBERS)}", received=received, next_step=step)
