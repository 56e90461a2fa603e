"""The files of a tar, read one by one in memory: nothing is unpacked, no link followed."""

from __future__ import annotations

import bz2
import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from studio.core.data import archives
from studio.core.errors import InvalidInput, printable
from studio.core.imaging import image_io

# By their first bytes.
COMPRESSED: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open}
_MOST_HEADER = 2**20
# tarfile calls itself once for each header that stands before a file's own, as those of long names do.
_DAMAGE = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError, RecursionError)


def in_tar(path: Path, name: str) -> archives.Files:
    """The files of a tar, plain or compressed by gzip or bzip2; as `archives.in_zip`."""
    most = max(archives.ALWAYS_FINE, archives.MOST_RATIO * path.stat().st_size)
    found: list[tuple[str, int, int]] = []  # name, where its bytes begin, how many
    folders = []
    try:
        with (
            _stream(path) as raw,
            # Its hints ask for a stream to write to and to close, too, but it only reads this one.
            tarfile.open(fileobj=_Bounded(raw, name, most), mode="r:") as archive,  # type: ignore[call-overload]
        ):
            while (info := archive.next()) is not None:
                archive.members.clear()  # else it holds all headers in memory
                if not (info.isreg() or info.isdir()) or info.issparse():
                    raise archives.harmful(name, f"a link, device or sparse file {printable(info.name, 60)}")
                if info.isdir():
                    folders.append(info.name.rstrip("/"))
                else:
                    found.append((info.name.removeprefix("./"), info.offset_data, info.size))
                if len(found) > archives.MOST_FILES:
                    raise archives.too_many(name)
            _check_end(raw, archive.offset)
    except InvalidInput:
        raise
    except _DAMAGE as error:
        raise archives.damaged(name, error) from None
    archives.check_members(
        name, [(n, size) for n, _, size in found] + [(n + "/", 0) for n in folders], path.stat().st_size
    )
    names = sorted(n for n, _, _ in found)
    places = {n: place for place, n in enumerate(names)}

    def read() -> Iterator[tuple[int, bytes]]:
        try:
            with _stream(path) as raw:
                stream = _Bounded(raw, name, most, image_io.MOST_BYTES)
                for member, start, size in found:
                    yield places[member], _cut(stream, start, size)
                while stream.read(tarfile.RECORDSIZE):  # the checksum of a compressed one comes last
                    pass
        except _DAMAGE as error:
            raise archives.damaged(name, error) from None

    return archives.Files(tuple(names), tuple(n for n in folders if n != "."), read)


def _check_end(stream: BinaryIO, place: int) -> None:
    """Checks the end: tarfile takes a damaged header for it and would silently drop the rest."""
    stream.seek(place)
    if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError


def _cut(stream: _Bounded, start: int, size: int) -> bytes:
    if size > image_io.MOST_BYTES:
        return b""
    stream.seek(start)
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _stream(path: Path) -> BinaryIO:
    with path.open("rb") as handle:
        head = handle.read(3)
    opener = next((opener for magic, opener in COMPRESSED.items() if head.startswith(magic)), None)
    return opener(path, "rb") if opener else path.open("rb")


class _Bounded:
    """A stream that refuses to grow beyond `most` bytes, or to be read in pieces over `piece`."""

    def __init__(self, stream: BinaryIO, name: str, most: int, piece: int = _MOST_HEADER):
        self._stream, self._name, self._most, self._piece = stream, name, most, piece

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, place: int) -> int:
        if place > self._most:
            raise archives.bomb(self._name)
        return self._stream.seek(place)

    def read(self, count: int) -> bytes:
        if not 0 <= count <= self._piece or self.tell() + count > self._most + tarfile.RECORDSIZE:
            raise archives.bomb(self._name)
        return self._stream.read(count)
