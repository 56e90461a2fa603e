"""Uploads: written to disk as their bytes arrive, checked when complete, then stored like any input."""

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
from studio.core.errors import invalid, shorten_name
from studio.core.imaging import image_io
from studio.core.tasks import File, Kind
from studio.engine import quotas
from studio.run import file_checks

MAX_BYTES: dict[Kind, int] = {  # the limits of the pages
    "image": image_io.MAX_BYTES,
    "animation": 100 << 20,
    "text": corpus.MAX_BYTES,
    "model": 500 << 20,
    "dataset": 500 << 20,
}
_MAX_NAME_CHARACTERS = 120
_MAX_NAME_BYTES = 200  # file systems allow 255


class Upload:
    """A file that is being uploaded. If the server dies, a later start removes the incomplete file.

    Args:
        kind: kind that the file should have.
        path: path of the temporary file, with the user's file name.
        file: the temporary file, open for writing.
    """

    def __init__(self, kind: Kind, path: Path, file: BinaryIO):
        self._kind, self._path, self._file, self._bytes = kind, path, file, 0
        self._digest = hashlib.sha256()

    def add(self, packets: Sequence[bytes]) -> None:
        """Writes the next bytes packet by packet, because joining them first would copy them once more.

        Raises:
            InvalidInput: if the file becomes larger than its kind allows.
        """
        for packet in packets:
            self._bytes += len(packet)
            check_size(self._kind, self._path.name, self._bytes)
            self._digest.update(packet)
            self._file.write(packet)

    def store(self) -> File:
        """Checks the complete file like pages do, and stores it for the current user.

        Raises:
            InvalidInput: if it is not a valid file of its kind.
            InsufficientSpace: if the user's disk quota is exceeded.
        """
        self._file.flush()
        file_checks.check(self._kind, self._path)
        quotas.check_disk_quota(owners.get_current(), self._bytes)
        digest = self._digest.hexdigest()
        paths.move_to_store(self._path, digest)
        owners.grant(digest)
        return File(digest, self._kind, self._path.name)


@contextmanager
def open_upload(kind: Kind, name: str) -> Iterator[Upload]:
    """Yields an upload to write to; afterwards removes the temporary file.

    Args:
        kind: kind that the file should have.
        name: the user's file name; of a path, only the part after the last `/` or `\\`.

    Raises:
        InsufficientSpace: if the disk is full.
    """
    folder = paths.make_folder(paths.ensure_folder("cache") / "received" / f".new-{secrets.token_hex(8)}")
    try:
        path = folder / _make_safe_name(name, kind)
        with paths.explain_full_disk(paths.ensure_folder("files") / path.name), path.open("wb") as file:
            yield Upload(kind, path, file)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_size(kind: Kind, name: str, size: int) -> None:
    """Raises `InvalidInput` if a file is larger than its kind allows."""
    if size > MAX_BYTES[kind]:
        expected, step = f"at most {amounts.format_bytes(MAX_BYTES[kind])}", "choose a smaller one"
        raise invalid(f"{kind} {shorten_name(name, 60)}", expected=expected, received="more", next_step=step)


def _make_safe_name(name: str, kind: Kind) -> str:
    """Returns a file name that is valid on any file system."""
    safe_name = shorten_name(PureWindowsPath(name).name, _MAX_NAME_CHARACTERS)
    while len(safe_name.encode()) > _MAX_NAME_BYTES:
        safe_name = shorten_name(safe_name, len(safe_name) - 10)
    return safe_name if safe_name.strip(". ") else kind
