"""Stored files: the bytes of inputs and results by SHA-256, with their kind and name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Literal

from studio.core import owners, paths
from studio.core.errors import shorten_name

Kind = Literal["image", "animation", "text", "model", "dataset", "network"]  # "network" is an exported model

_MEMORY_FILES: ContextVar[dict[str, bytes] | None] = ContextVar("in_memory", default=None)


@contextmanager
def store_in_memory() -> Iterator[dict[str, bytes]]:
    """Stores files of this thread in memory instead of on disk while open, in the yielded `{digest: bytes}`.

    For results that the user may never need, such as those of a moving slider.
    """
    files: dict[str, bytes] = {}
    token = _MEMORY_FILES.set(files)
    try:
        yield files
    finally:
        _MEMORY_FILES.reset(token)


@contextmanager
def store_temporarily(data: bytes, kind: Kind, name: str) -> Iterator[File]:
    """Stores bytes only while open, e.g. a camera image that is used once.

    A file that was stored before, or that another user stores meanwhile, stays.
    """
    was_stored = paths.is_stored(paths.digest(data))
    file = File.store(data, kind, name)
    mtime_ns = 0 if was_stored else file.path.stat().st_mtime_ns  # 0 matches no file, so it stays
    try:
        yield file
    finally:
        if paths.remove_stored(file.digest, mtime_ns):
            owners.revoke(file.digest)


@dataclass(frozen=True)
class File:
    """A stored file.

    Attributes:
        digest: SHA-256 of the bytes, which is the name in STUDIO_HOME/files.
        kind: kind of the content.
        name: name for users, at most 120 characters.
    """

    digest: str
    kind: Kind
    name: str

    @classmethod
    def store(cls, data: bytes, kind: Kind, name: str) -> File:
        """Stores `data` under its digest. Of `name`, only the part after the last `/` or `\\` is used."""
        memory_files = _MEMORY_FILES.get()
        if memory_files is None:
            digest = paths.store(data)
            owners.grant(digest)
        else:
            digest = paths.digest(data)
            memory_files[digest] = data
        return cls(digest, kind, shorten_name(PureWindowsPath(name).name, 120))

    @property
    def path(self) -> Path:
        """The path of the bytes.

        Raises:
            InvalidInput: if the digest is invalid.
            Unavailable: if the file was removed, or does not belong to the current owner.
        """
        owners.require_ownership(self.digest)
        return paths.stored_path(self.digest)

    @property
    def is_available(self) -> bool:
        """Whether the file exists and belongs to the current owner."""
        return paths.is_stored(self.digest) and owners.owns(self.digest)

    def require_access(self) -> None:
        """Raises `Unavailable` unless the file is in memory, or belongs to the current owner."""
        if self.digest not in (_MEMORY_FILES.get() or {}):
            owners.require_ownership(self.digest)

    def read(self) -> bytes:
        """Returns the bytes. Raises the errors of `path`."""
        data = (_MEMORY_FILES.get() or {}).get(self.digest)
        return self.path.read_bytes() if data is None else data

    def starts_with(self, *prefixes: bytes) -> bool:
        """Returns whether the bytes begin with one of these prefixes, without reading the rest."""
        data = (_MEMORY_FILES.get() or {}).get(self.digest)
        if data is not None:
            return data.startswith(prefixes)
        with self.path.open("rb") as file:
            return file.read(max(map(len, prefixes))).startswith(prefixes)
