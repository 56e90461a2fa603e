"""Reads the files of a tar one by one, in memory: it unpacks nothing and follows no links."""

from __future__ import annotations

import bz2
import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from studio.core.data import archives
from studio.core.errors import InvalidInput, make_printable
from studio.core.imaging import image_io

OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open}  # by magic bytes
_MAX_HEADER_BYTES = 2**20
# RecursionError: tarfile recurses for each extra header before a file's own, e.g. for long names.
_DAMAGE_ERRORS = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError, RecursionError)


def list_tar(path: Path, name: str) -> archives.Files:
    """Lists the files of a tar, plain or compressed by gzip or bzip2. See `archives.list_zip`."""
    max_bytes = max(archives.UNLIMITED_RATIO_BYTES, archives.MAX_RATIO * path.stat().st_size)
    members: list[tuple[str, int, int]] = []  # name, offset, size in bytes
    folders = []
    try:
        with (
            _open_stream(path) as raw,
            # The type hints ask for a writable stream, but mode "r:" only reads.
            tarfile.open(fileobj=_BoundedStream(raw, name, max_bytes), mode="r:") as archive,  # type: ignore[call-overload]
        ):
            while (info := archive.next()) is not None:
                archive.members.clear()  # do not keep all headers in memory
                if not (info.isreg() or info.isdir()) or info.issparse():
                    raise archives.unsafe_archive_error(
                        name, f"a link, device or sparse file {make_printable(info.name, 60)}"
                    )
                if info.isdir():
                    folders.append(info.name.rstrip("/"))
                else:
                    members.append((info.name.removeprefix("./"), info.offset_data, info.size))
                if len(members) > archives.MAX_FILES:
                    raise archives.too_many_files_error(name)
            _check_end(raw, archive.offset)
    except InvalidInput:
        raise
    except _DAMAGE_ERRORS as error:
        raise archives.damaged_archive_error(name, error) from None
    archives.check_members(
        name, [(n, size) for n, _, size in members] + [(n + "/", 0) for n in folders], path.stat().st_size
    )
    names = sorted(n for n, _, _ in members)
    indices = {n: index for index, n in enumerate(names)}

    def read(only: int | None = None) -> Iterator[tuple[int, bytes]]:
        try:
            with _open_stream(path) as raw:
                stream = _BoundedStream(raw, name, max_bytes, image_io.MAX_BYTES)
                for member, start, size in members:
                    if only in (None, indices[member]):
                        yield indices[member], _read_member(stream, start, size)
                # Read to the end to verify the checksum of a compressed tar.
                while stream.read(tarfile.RECORDSIZE):
                    pass
        except _DAMAGE_ERRORS as error:
            raise archives.damaged_archive_error(name, error) from None

    return archives.Files(tuple(names), tuple(n for n in folders if n != "."), read)


def _check_end(stream: BinaryIO, offset: int) -> None:
    """Checks the end-of-archive block, because tarfile stops silently at a damaged header."""
    stream.seek(offset)
    if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError


def _read_member(stream: _BoundedStream, start: int, size: int) -> bytes:
    if size > image_io.MAX_BYTES:
        return b""
    stream.seek(start)
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _open_stream(path: Path) -> BinaryIO:
    with path.open("rb") as handle:
        header = handle.read(3)
    opener = next((opener for magic, opener in OPENERS.items() if header.startswith(magic)), None)
    return opener(path, "rb") if opener else path.open("rb")


class _BoundedStream:
    """A stream that refuses to read beyond `max_bytes`, or more than `max_bytes_at_once` at once."""

    def __init__(
        self, stream: BinaryIO, name: str, max_bytes: int, max_bytes_at_once: int = _MAX_HEADER_BYTES
    ):
        self._stream, self._name = stream, name
        self._max_bytes, self._max_bytes_at_once = max_bytes, max_bytes_at_once

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, offset: int) -> int:
        if offset > self._max_bytes:
            raise archives.zip_bomb_error(self._name)
        return self._stream.seek(offset)

    def read(self, count: int) -> bytes:
        if (
            not 0 <= count <= self._max_bytes_at_once
            or self.tell() + count > self._max_bytes + tarfile.RECORDSIZE
        ):
            raise archives.zip_bomb_error(self._name)
        return self._stream.read(count)
