"""Files that come piece by piece: on the disk as they come, checked once whole, then kept as any input."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from studio.core import amounts, owners, paths
from studio.core.data import corpus
from studio.core.errors import invalid, short_name
from studio.core.imaging import image_io
from studio.core.tasks import File, Kind
from studio.engine import quotas
from studio.run import file_checks

MOST: dict[Kind, int] = {  # bytes, as pages take them
    "image": image_io.MOST_BYTES,
    "animation": 100 << 20,
    "text": corpus.MOST_BYTES,
    "model": 500 << 20,
    "dataset": 500 << 20,
}
_LONGEST = 120  # characters of a name
_MOST_NAME = 200  # bytes of it, of the 255 that a disk takes


class Received:
    """A file on its way in. What is half there when the server dies is swept at a later start.

    Args:
        kind: what it is to be.
        path: where it is put, under the name that a user knows it by.
    """

    def __init__(self, kind: Kind, path: Path, file: BinaryIO):
        self._kind, self._path, self._file, self._bytes = kind, path, file, 0
        self._digest = hashlib.sha256()

    def add(self, packets: Sequence[bytes]) -> None:
        """Writes the next bytes, as they came: to put them together first would copy them once more.

        Raises:
            InvalidInput: once there are more than its kind may have.
        """
        for packet in packets:
            self._bytes += len(packet)
            check_size(self._kind, self._path.name, self._bytes)
            self._digest.update(packet)
            self._file.write(packet)

    def keep(self) -> File:
        """Checks it as pages do, and keeps it for whoever asks.

        Raises:
            InvalidInput: if it cannot be taken as what it is to be.
            NoRoom: if its owner has no room for it.
        """
        self._file.flush()
        file_checks.check(self._kind, self._path)
        quotas.check_room(owners.asker(), self._bytes)
        digest = self._digest.hexdigest()
        paths.adopt(self._path, digest)
        owners.grant(digest)
        return File(digest, self._kind, self._path.name)


@contextmanager
def receiving(kind: Kind, name: str) -> Iterator[Received]:
    """Yields a file to fill; unless it is kept, nothing of it stays.

    Args:
        name: what a user calls it; of a path only what follows the last `/` or `\\`.

    Raises:
        NoRoom: if the disk is full.
    """
    place = paths.make(paths.folder("cache") / "received" / f".new-{secrets.token_hex(8)}")
    try:
        path = place / _safe(name, kind)
        with paths.saving(paths.folder("files") / path.name), path.open("wb") as file:
            yield Received(kind, path, file)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def check_size(kind: Kind, name: str, size: int) -> None:
    """Raises `InvalidInput` if a file has more bytes than are taken of its kind."""
    if size > MOST[kind]:
        expected, step = f"at most {amounts.size(MOST[kind])}", "choose a smaller one"
        raise invalid(f"{kind} {short_name(name, 60)}", expected=expected, received="more", next_step=step)


def _safe(name: str, kind: Kind) -> str:
    """A name that any disk takes."""
    short = short_name(PureWindowsPath(name).name, _LONGEST)
    while len(short.encode()) > _MOST_NAME:
        short = short_name(short, len(short) - 10)
    return short if short.strip(". ") else kind
