"""Reads the files of a folder or zip one by one, in memory: it unpacks nothing and follows no links."""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from studio.core.data.names import join_first_few
from studio.core.data.sources import invalid_data_set
from studio.core.errors import InvalidInput, make_printable
from studio.core.imaging import image_io
from studio.core.untrusted import damage, zips

MAX_FILES = 500_000
MAX_RATIO = 100  # images hardly compress, so a larger compression ratio indicates a zip bomb
UNLIMITED_RATIO_BYTES = 64 * 2**20  # bytes; no ratio limit for archives that unpack to this much
_MAX_NAME_CHARACTERS = 1024  # characters
_UTF8_FLAG, _OLD_ENCODING = 0x800, "cp437"  # flag of a member with a UTF-8 name; encoding without the flag
_DIRECTORY_ENTRY_BYTES = 160  # bytes per entry of the zip's directory, for a long name
# No bzip2: its decompression cannot be interrupted.
_COMPRESSION_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ARCHIVE_SUFFIXES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".npz")


class Reader(Protocol):
    """Reads the files of a folder or an archive, or only one of them."""

    def __call__(self, only: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Yields files as `(index, bytes)`; `only` is the index of a single one."""
        ...


@dataclass(frozen=True)
class Files:
    """The files of a folder or an archive.

    Attributes:
        names: sorted paths of all regular files, with `/` on any system.
        folders: paths of all folders, without a trailing `/`.
        read: yields each file as `(index in names, bytes)`, in the fastest order; b"" for an unreadable file
            or one above the size limit of images.
        notes: sentences about skipped entries.
    """

    names: tuple[str, ...]
    folders: tuple[str, ...]
    read: Reader
    notes: tuple[str, ...] = ()


def list_folder(path: Path) -> Files:
    """Lists the files below a folder. Skips links, which may lead out of it or form cycles."""
    names: list[str] = []
    folders: list[str] = []
    links: list[str] = []
    unreadable: list[Path] = []
    for folder, subfolders, files in os.walk(
        path, onerror=lambda error: unreadable.append(Path(error.filename))
    ):
        for name in [*subfolders, *files]:
            full = Path(folder, name)
            try:
                mode = full.lstat().st_mode
            except FileNotFoundError:
                continue  # removed since the folder was listed
            except OSError:  # the folder can be listed but not entered
                unreadable.append(Path(folder))
                subfolders.clear()
                break
            entries = {stat.S_IFREG: names, stat.S_IFDIR: folders}.get(stat.S_IFMT(mode), links)
            entries.append(full.relative_to(path).as_posix())
        if len(names) > MAX_FILES:
            raise too_many_files_error(path.name)
    if path in unreadable:
        raise invalid_data_set(
            path.name, "a folder that can be read", "a folder that cannot be opened", "check its permissions"
        )
    names.sort()
    notes = []
    if links:
        notes.append(f"{len(links):,} links or devices were skipped: {join_first_few(sorted(links))}.")
    if unreadable:
        skipped = join_first_few([p.relative_to(path).as_posix() for p in unreadable])
        notes.append(f"{len(unreadable):,} folders could not be opened: {skipped}.")

    def read(only: int | None = None) -> Iterator[tuple[int, bytes]]:
        for index, name in enumerate(names):
            if only in (None, index):
                yield index, _read_file(path / name)

    return Files(tuple(names), tuple(sorted(folders)), read, tuple(notes))


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            data = handle.read(image_io.MAX_BYTES + 1)
    except OSError:
        return b""
    return data if len(data) <= image_io.MAX_BYTES else b""


def list_zip(path: Path, name: str) -> Files:
    """Lists the files of a zip, after checking all entries.

    Args:
        path: path of the zip.
        name: name of the data set, for errors.

    Raises:
        InvalidInput: if it is damaged, encrypted or malicious; also while reading.
    """
    try:
        with zips.open_zip(path, MAX_FILES * _DIRECTORY_ENTRY_BYTES) as archive:
            infos = archive.infolist()
    except zips.TooLong:
        raise too_many_files_error(name) from None
    except damage.ZIP_ERRORS as error:
        raise damaged_archive_error(name, error) from None
    for info in infos:
        _check_zip_member(name, info)
    members = sorted(((_decode_member_name(info), info) for info in infos), key=lambda member: member[0])
    check_members(name, [(member, info.file_size) for member, info in members], path.stat().st_size)
    files = [(member, info) for member, info in members if member and not member.endswith("/")]

    def read(only: int | None = None) -> Iterator[tuple[int, bytes]]:
        try:
            with zipfile.ZipFile(path) as archive:
                for index, (_, info) in enumerate(files):
                    if only in (None, index):
                        yield index, zips.read(archive, info) if info.file_size <= image_io.MAX_BYTES else b""
        except RuntimeError:
            raise _encrypted_archive_error(name) from None
        except damage.ZIP_ERRORS as error:
            raise damaged_archive_error(name, error) from None

    folders = tuple(member.rstrip("/") for member, _ in members if member.endswith("/"))
    return Files(tuple(member for member, _ in files), folders, read, tuple(_describe_encoding(files)))


def _decode_member_name(info: zipfile.ZipInfo) -> str:
    """Decodes the path of a member.

    Tries UTF-8 without its flag, too: macOS and some tools omit the flag. Reads `\\` as `/`, as old .NET
    programs write it.
    """
    name = info.filename
    if not info.flag_bits & _UTF8_FLAG:
        with suppress(UnicodeError):
            name = name.encode(_OLD_ENCODING).decode("utf-8")
    return name.replace("\\", "/").removeprefix("./")


def _describe_encoding(files: list[tuple[str, zipfile.ZipInfo]]) -> Iterator[str]:
    uncertain = [
        member
        for member, info in files
        if not member.isascii()
        and not info.flag_bits & _UTF8_FLAG
        and info.filename.replace("\\", "/").endswith(member)
    ]
    if uncertain:
        subject = f"{len(uncertain):,} {'name is' if len(uncertain) == 1 else 'names are'}"
        yield f"{subject} not in UTF-8 and may have wrong characters: {join_first_few(uncertain)}."


def _check_zip_member(name: str, info: zipfile.ZipInfo) -> None:
    if info.flag_bits & 0x41:
        raise _encrypted_archive_error(name)
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise unsafe_archive_error(name, f"a link or device {make_printable(info.filename, 60)}")
    if info.orig_filename != info.filename and "\0" in info.orig_filename:
        raise unsafe_archive_error(name, f"a NUL in the name {make_printable(info.orig_filename, 60)}")
    if info.compress_type not in _COMPRESSION_METHODS:
        method = f"compression method {info.compress_type}"
        raise invalid_data_set(name, "files stored or deflated", method, "zip the folder again")


def check_members(name: str, members: list[tuple[str, int]], archive_size: int) -> None:
    """Checks the members of an archive.

    Args:
        name: name of the data set, for errors.
        members: path and unpacked size in bytes of each member; paths of folders end in `/`.
        archive_size: size of the archive in bytes.

    Raises:
        InvalidInput: if a path is unsafe, too long or duplicate, a member is an archive, or there are too
            many members or bytes.
    """
    if len(members) > MAX_FILES:
        raise too_many_files_error(name)
    if sum(size for _, size in members) > max(UNLIMITED_RATIO_BYTES, MAX_RATIO * archive_size):
        raise zip_bomb_error(name)
    earlier_names = set()
    for member, _ in members:
        path = member.rstrip("/")
        if "\\" in path or re.match(r"/|[A-Za-z]:", path) or ".." in path.split("/"):
            raise unsafe_archive_error(name, f"a path that leads out of it, {make_printable(member, 60)}")
        if len(path) > _MAX_NAME_CHARACTERS:
            raise unsafe_archive_error(
                name, f"a path of {len(path):,} characters, {make_printable(member, 60)}"
            )
        if member in earlier_names and not member.endswith("/"):
            raise unsafe_archive_error(name, f"two files of one name, {make_printable(member, 60)}")
        if path.lower().endswith(_ARCHIVE_SUFFIXES) and not member.endswith("/"):
            step = "unpack it into a folder and use that; nested archives are never opened"
            raise invalid_data_set(name, "images", f"an archive in it, {make_printable(member, 60)}", step)
        earlier_names.add(member)


def damaged_archive_error(name: str, error: Exception) -> InvalidInput:
    """Returns the error for a damaged or incomplete archive."""
    received = f"a damaged or incomplete archive ({type(error).__name__})"
    return invalid_data_set(name, "an intact zip or tar", received, "create or download it again")


def _encrypted_archive_error(name: str) -> InvalidInput:
    step = "create it again without a password"
    return invalid_data_set(name, "an archive without a password", "a password-protected archive", step)


def unsafe_archive_error(name: str, received: str) -> InvalidInput:
    """Returns the error for an archive with unsafe entries, e.g. links or paths out of it."""
    expected, step = "plain files and folders with plain names", "make the archive again from its folder"
    return invalid_data_set(name, expected, received, step)


def zip_bomb_error(name: str) -> InvalidInput:
    """Returns the error for an archive that unpacks to far more than its size."""
    expected, step = "an archive of images", "check where it comes from, or give its folder"
    return invalid_data_set(
        name, expected, f"an archive that grows over {MAX_RATIO} times when unpacked", step
    )


def too_many_files_error(name: str) -> InvalidInput:
    """Returns the error for more files than MAX_FILES."""
    return invalid_data_set(name, f"at most {MAX_FILES:,} files", "more", "use a part of it")
