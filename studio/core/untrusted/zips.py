"""Reads untrusted zips, with memory limited to the sizes that the zip declares."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import BinaryIO

# End records: signature, offset and width of the list's size.
_END, _END_64 = (b"PK\5\6", 12, 4), (b"PK\6\6", 40, 8)
_MAX_TAIL_BYTES = 65_535 + 22 + 20 + 56  # bytes of the longest comment and all end records
_IN_ZIP64 = 0xFFFFFFFF  # the size is in the ZIP64 record


class TooLong(zipfile.BadZipFile):
    """The zip's list of members is too long."""


def open_zip(file: Path | BinaryIO, max_list_bytes: int) -> zipfile.ZipFile:
    """Opens a zip after checking the size of its list of members, which `ZipFile` reads into memory.

    Args:
        file: the untrusted zip.
        max_list_bytes: maximum bytes of that list.

    Raises:
        TooLong: if it is longer.
        BadZipFile: or another exception of `damage.ZIP_ERRORS`, if the zip is damaged.
    """
    if isinstance(file, Path):
        with file.open("rb") as source:
            _check_list_size(source, max_list_bytes)
    else:
        _check_list_size(file, max_list_bytes)
    return zipfile.ZipFile(file)


def _check_list_size(file: BinaryIO, max_list_bytes: int) -> None:
    """Checks the list's size in every possible end record, because readers differ in which one they use."""
    file.seek(0, 2)
    file.seek(max(0, file.tell() - _MAX_TAIL_BYTES))
    tail = file.read()
    for signature, offset, width in (_END, _END_64):
        position = tail.find(signature)
        while position >= 0:
            size = int.from_bytes(tail[position + offset : position + offset + width], "little")
            if max_list_bytes < size != _IN_ZIP64:
                raise TooLong("a list of members that is too long")
            position = tail.find(signature, position + 1)
    file.seek(0)


def read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Reads a member, whose declared size the caller has checked.

    `ZipFile.read` decompresses up to 2 GB at once before it checks the declared size; this stops there.

    Raises:
        BadZipFile: or another exception of `damage.ZIP_ERRORS`, if the member does not match its declaration.
    """
    with archive.open(member) as file:
        return file.read(member.file_size)
