"""The cache of converted weights: one `.weights.h5` a training run, with a note of what it must hash to."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from studio.core import paths

if TYPE_CHECKING:
    import keras

FORMAT = 1  # a new one makes all converted files be made again
_ENDING = ".weights.h5"


class Note(BaseModel):
    """What stands next to a converted file: what it was made from, its size and its SHA-256."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: int
    name: str
    digest: str
    source: str
    bytes: int
    sha256: str


def folder() -> Path:
    """Where converted weights are kept, and where a user may put an original file."""
    return paths.folder("weights")


def find(name: str, digest: str | None, order: Sequence[str]) -> tuple[Path, Note] | None:
    """The converted file of some weights, if it has the size that its note says.

    Args:
        name: which weights.
        digest: which training; None takes the first of `order`, else any.
        order: digests of training runs, the preferred one first.
    """
    found = {}
    for path in sorted(folder().glob(f"{name}-*{_ENDING}")):
        with contextlib.suppress(OSError, ValidationError):
            note = Note.model_validate_json(_note_path(path).read_bytes())
            fits = (note.format, note.name, note.bytes) == (FORMAT, name, path.stat().st_size)
            if fits and digest in (None, note.digest):
                found[note.digest] = (path, note)
    return next((found[training] for training in [*order, *found] if training in found), None)


def is_whole(path: Path, note: Note) -> bool:
    """Whether each byte is as it was saved; 60 MB take less than a tenth of a second."""
    return paths.file_digest(path) == note.sha256


def save(name: str, model: keras.Model, digest: str, source: str) -> tuple[Path, Note]:
    """Saves a model's weights, then their note; in between the file counts as damaged or as not there."""
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
