"""Members of zips that came from a user: never more of them in memory than the zip itself declares."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import BinaryIO

_END, _END_64 = (b"PK\5\6", 12, 4), (b"PK\6\6", 40, 8)  # what begins a last record, where in it, how long
_TAIL = 65_535 + 22 + 20 + 56  # bytes: the longest comment, and all last records
_ELSEWHERE = 0xFFFFFFFF  # the size stands in the record of a large zip


class TooLong(zipfile.BadZipFile):
    """A zip whose list of members is too long to be read."""


def open_zip(file: Path | BinaryIO, most: int) -> zipfile.ZipFile:
    """A zip, once its list of members is known to be short: `ZipFile` reads all of it into memory.

    Args:
        file: of a user.
        most: bytes of that list.

    Raises:
        TooLong: if it is longer.
        BadZipFile: and whatever else `damage.ZIP` lists, if it is no whole zip.
    """
    if isinstance(file, Path):
        with file.open("rb") as source:
            _check_list(source, most)
    else:
        _check_list(file, most)
    return zipfile.ZipFile(file)


def _check_list(file: BinaryIO, most: int) -> None:
    """Looks at every place that may be a last record, since readers differ in which they take."""
    file.seek(0, 2)
    file.seek(max(0, file.tell() - _TAIL))
    tail = file.read()
    for sign, place, width in (_END, _END_64):
        at = tail.find(sign)
        while at >= 0:
            size = int.from_bytes(tail[at + place : at + place + width], "little")
            if most < size != _ELSEWHERE:
                raise TooLong("a list of members that is too long")
            at = tail.find(sign, at + 1)
    file.seek(0)


def read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member's bytes; the caller has checked how many it declares.

    `ZipFile.read` unpacks up to 2 GB in one piece before it looks at what was declared; this stops there.

    Raises:
        BadZipFile: if it holds others than it declares; else whatever `damage.ZIP` lists.
    """
    with archive.open(member) as file:
        return file.read(member.file_size)
