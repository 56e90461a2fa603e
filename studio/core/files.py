"""Kept files: the bytes of inputs and results, by their digests, with the kind and name a user knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Literal

from studio.core import owners, paths
from studio.core.errors import short_name

Kind = Literal["image", "animation", "text", "model", "dataset", "network"]  # the last for other programs

_IN_MEMORY: ContextVar[dict[str, bytes] | None] = ContextVar("in_memory", default=None)


@contextmanager
def in_memory() -> Iterator[dict[str, bytes]]:
    """While open, files that this thread keeps stay in memory: the yielded `{digest: bytes}`, not the disk.

    For results that a user may never want, such as those of a slider on its way.
    """
    files: dict[str, bytes] = {}
    token = _IN_MEMORY.set(files)
    try:
        yield files
    finally:
        _IN_MEMORY.reset(token)


@contextmanager
def for_now(data: bytes, kind: Kind, name: str) -> Iterator[File]:
    """Keeps bytes only while this is open, such as an image of a camera that is looked at once.

    What was kept before, or is kept by somebody else meanwhile, stays.
    """
    known = paths.is_kept(paths.digest(data))
    file = File.keep(data, kind, name)
    written = 0 if known else file.path.stat().st_mtime_ns
    try:
        yield file
    finally:
        if paths.forget(file.digest, written):
            owners.disown(file.digest)


@dataclass(frozen=True)
class File:
    """A kept file: its digest in STUDIO_HOME/files, its kind and the name a user knows it by."""

    digest: str
    kind: Kind
    name: str

    @classmethod
    def keep(cls, data: bytes, kind: Kind, name: str) -> File:
        """Keeps `data` in the studio under its digest; of `name` only what follows the last `/` or `\\`."""
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
        """Where the bytes are.

        Raises:
            InvalidInput: if the digest is none.
            Unavailable: if they were removed, or are not of whoever asks.
        """
        owners.check(self.digest)
        return paths.kept(self.digest)

    @property
    def here(self) -> bool:
        """Whether the studio still has it, and it is of whoever asks."""
        return paths.is_kept(self.digest) and owners.has(self.digest)

    def read(self) -> bytes:
        """The bytes. Raises as `path`."""
        data = (_IN_MEMORY.get() or {}).get(self.digest)
        return self.path.read_bytes() if data is None else data

    def begins(self, *heads: bytes) -> bool:
        """Whether the bytes begin with one of these; no more of them is read."""
        data = (_IN_MEMORY.get() or {}).get(self.digest)
        if data is not None:
            return data.startswith(heads)
        with self.path.open("rb") as file:
            return file.read(max(map(len, heads))).startswith(heads)
