"""Stored files: the bytes of inputs and results by SHA-256, with their kind and name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Literal

from studio.core import owners, paths
from studio.core.errors import short_name

Kind = Literal["image", "animation", "text", "model", "dataset", "network"]  # "network" is an exported model

_IN_MEMORY: ContextVar[dict[str, bytes] | None] = ContextVar("in_memory", default=None)


@contextmanager
def in_memory() -> Iterator[dict[str, bytes]]:
    """Stores files of this thread in memory instead of on disk while open, in the yielded `{digest: bytes}`.

    For results that the user may never need, such as those of a moving slider.
    """
    files: dict[str, bytes] = {}
    token = _IN_MEMORY.set(files)
    try:
        yield files
    finally:
        _IN_MEMORY.reset(token)


@contextmanager
def temporary_file(data: bytes, kind: Kind, name: str) -> Iterator[File]:
    """Stores bytes only while open, e.g. a camera image that is used once.

    A file that was stored before, or that another user stores meanwhile, stays.
    """
    was_kept = paths.is_kept(paths.digest(data))
    file = File.keep(data, kind, name)
    kept_at = 0 if was_kept else file.path.stat().st_mtime_ns
    try:
        yield file
    finally:
        if paths.forget(file.digest, kept_at):
            owners.disown(file.digest)


@dataclass(frozen=True)
class File:
    """A stored file: its SHA-256, which is its name in STUDIO_HOME/files, its kind and its name for users."""

    digest: str
    kind: Kind
    name: str

    @classmethod
    def keep(cls, data: bytes, kind: Kind, name: str) -> File:
        """Stores `data` under its digest. Of `name`, only the part after the last `/` or `\\` is used."""
        holding = _IN_MEMORY.get()
        if holding is None:
            digest = paths.keep(data)
            owners.grant(digest)
        else:
            digest = paths.digest(data)
            holding[digest] = data
        return cls(digest, kind, short_name(PureWindowsPath(name).name, 120))

    @property
    def path(self) -> Path:
        """The path of the bytes.

        Raises:
            InvalidInput: if the digest is invalid.
            Unavailable: if the file was removed, or does not belong to the current owner.
        """
        owners.check(self.digest)
        return paths.kept_path(self.digest)

    @property
    def is_available(self) -> bool:
        """Whether the file exists and belongs to the current owner."""
        return paths.is_kept(self.digest) and owners.has(self.digest)

    def read(self) -> bytes:
        """Returns the bytes. Raises as `path`."""
        data = (_IN_MEMORY.get() or {}).get(self.digest)
        return self.path.read_bytes() if data is None else data

    def begins(self, *heads: bytes) -> bool:
        """Returns whether the bytes begin with one of these prefixes, without reading the rest."""
        data = (_IN_MEMORY.get() or {}).get(self.digest)
        if data is not None:
            return data.startswith(heads)
        with self.path.open("rb") as file:
            return file.read(max(map(len, heads))).startswith(heads)
