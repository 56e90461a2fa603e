"""The cache of converted weights: a `.weights.h5` per training run, with a note of its SHA-256."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from studio.core import paths

if TYPE_CHECKING:
    import keras

FORMAT = 1  # raise it to convert all files again
_ENDING = ".weights.h5"


class Note(BaseModel):
    """The note next to a converted file: its source, its size and its SHA-256."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: int
    name: str
    digest: str
    source: str
    bytes: int
    sha256: str


def folder() -> Path:
    """Returns the folder of converted weights, where the user may also put original files."""
    return paths.ensure_folder("weights")


def find(name: str, digest: str | None, preferred_digests: Sequence[str]) -> tuple[Path, Note] | None:
    """Finds the converted file of weights, with the size in its note.

    Args:
        name: of the weights.
        digest: of the training run; None takes the first of `preferred_digests`, else any.
        preferred_digests: digests of training runs, the preferred one first.

    Returns:
        The file and its note, or None.
    """
    candidates = {}
    for path in sorted(folder().glob(f"{name}-*{_ENDING}")):
        with contextlib.suppress(OSError, ValidationError):
            note = Note.model_validate_json(_note_path(path).read_bytes())
            is_valid = (note.format, note.name, note.bytes) == (FORMAT, name, path.stat().st_size)
            if is_valid and digest in (None, note.digest):
                candidates[note.digest] = (path, note)
    order = [*preferred_digests, *candidates]
    return next((candidates[digest] for digest in order if digest in candidates), None)


def is_intact(path: Path, note: Note) -> bool:
    """Returns whether the SHA-256 matches the note; 60 MB take less than a tenth of a second."""
    return paths.file_digest(path) == note.sha256


def save(name: str, model: keras.Model, digest: str, source: str) -> tuple[Path, Note]:
    """Saves a model's weights, then their note. Until then, the file counts as damaged or missing."""
    path = folder() / f"{name}-{digest[:16]}{_ENDING}"
    with paths.replacing(path) as temporary:
        model.save_weights(temporary)
    note = Note(
        format=FORMAT,
        name=name,
        digest=digest,
        source=source,
        bytes=path.stat().st_size,
        sha256=paths.file_digest(path),
    )
    paths.write(_note_path(path), note.model_dump_json(indent=1).encode())
    return path, note


def _note_path(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(_ENDING) + ".json")
