"""Packs a model folder as a zip and unpacks it. Nothing in the zip is executed, no path in it is followed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from studio.core.errors import InvalidInput, invalid
from studio.core.models.model_folder import CARD, MAX_FILE_BYTES, MAX_TEXT_BYTES, MEMBERS, OPTIONAL
from studio.core.untrusted import damage, zips


def pack(folder: Path) -> bytes:
    """Packs a model folder as a zip without compression, because weights hardly compress."""
    names = (*MEMBERS, *(name for name in OPTIONAL if (folder / name).is_file()))
    return _write_zip({name: (folder / name).read_bytes() for name in names})


def add_note(data: bytes, note: str) -> bytes:
    """Adds a sentence to the card of a zipped model. Raises as `unpack`."""
    members = unpack(data)
    members[CARD] = members[CARD].rstrip() + f"\n\n{note}\n".encode()
    return _write_zip({name: members[name] for name in (*MEMBERS, *OPTIONAL) if name in members})


def _write_zip(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, body in members.items():
            file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), body)
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """Unpacks the files of a zipped model, by name. Raises `InvalidInput` if it is not exactly such a zip."""
    try:
        with zips.open_zip(io.BytesIO(data), MAX_TEXT_BYTES) as file:
            entries = file.infolist()
            names = [entry.filename for entry in entries]
            optional_names = [name for name in names if name in OPTIONAL]
            other_names = sorted(name for name in names if name not in OPTIONAL)
            if len(set(optional_names)) < len(optional_names) or other_names != sorted(MEMBERS):
                raise _invalid_model_error("other files in it")
            for entry in entries:
                max_bytes = MAX_FILE_BYTES.get(entry.filename, MAX_TEXT_BYTES)
                if (
                    entry.compress_type != zipfile.ZIP_STORED
                    or entry.flag_bits & 1
                    or entry.file_size > max_bytes
                ):
                    raise _invalid_model_error(f"{entry.filename} compressed, encrypted or too large")
            return {entry.filename: zips.read(file, entry) for entry in entries}
    except damage.ZIP_ERRORS:
        raise _invalid_model_error("another file, or a damaged one") from None


def _invalid_model_error(received: str) -> InvalidInput:
    step = "choose a zip of a model that the studio saved"
    return invalid("model", expected=f"a zip of {', '.join(MEMBERS)}", received=received, next_step=step)
