"""The files of a folder or a zip, read one by one in memory: nothing is unpacked, no link followed."""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from studio.core.data.names import first_few
from studio.core.data.sources import refused
from studio.core.errors import InvalidInput, printable
from studio.core.imaging import image_io
from studio.core.untrusted import damage, zips

MOST_FILES = 500_000
MOST_RATIO = 100  # images hardly compress; what grows more than this is made to fill the memory or the disk
ALWAYS_FINE = 64 * 2**20  # bytes, up to which an archive may grow whatever its size
_MOST_NAME = 1024  # characters
_UTF8, _OLD_ENCODING = 0x800, "cp437"  # the flag of a member, and what the standard has without it
_A_MEMBER = 160  # bytes in the list of a zip, with a long name
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # bzip2 cannot be stopped half-way
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".npz")


@dataclass(frozen=True)
class Files:
    """The files of a folder or an archive.

    Attributes:
        names: of all regular files, sorted, with `/` whatever the system.
        folders: of all folders, without a `/` at the end.
        read: yields every file as `(place in names, bytes)`, in the order that is quickest; b"" for one that
            is larger than an image may be, or that cannot be read.
        notes: sentences on what was passed over.
    """

    names: tuple[str, ...]
    folders: tuple[str, ...]
    read: Callable[[], Iterator[tuple[int, bytes]]]
    notes: tuple[str, ...] = ()


def in_folder(path: Path) -> Files:
    """The files below a folder. Links are passed over: they may lead anywhere, and round in circles."""
    names: list[str] = []
    folders: list[str] = []
    links: list[str] = []
    closed: list[Path] = []
    for where, below, files in os.walk(path, onerror=lambda error: closed.append(Path(error.filename))):
        for name in [*below, *files]:
            full = Path(where, name)
            try:
                mode = full.lstat().st_mode
            except FileNotFoundError:
                continue  # removed since the folder was listed
            except OSError:  # it may be listed, but not entered
                closed.append(Path(where))
                below.clear()
                break
            kept = {stat.S_IFREG: names, stat.S_IFDIR: folders}.get(stat.S_IFMT(mode), links)
            kept.append(full.relative_to(path).as_posix())
        if len(names) > MOST_FILES:
            raise too_many(path.name)
    if path in closed:
        raise refused(
            path.name, "a folder that can be read", "a folder that cannot be opened", "check its permissions"
        )
    names.sort()
    notes = []
    if links:
        notes.append(f"{len(links):,} links or devices were skipped: {first_few(sorted(links))}.")
    if closed:
        shown = first_few([p.relative_to(path).as_posix() for p in closed])
        notes.append(f"{len(closed):,} folders could not be opened: {shown}.")

    def read() -> Iterator[tuple[int, bytes]]:
        for place, name in enumerate(names):
            yield place, _bytes(path / name)

    return Files(tuple(names), tuple(sorted(folders)), read, tuple(notes))


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            data = handle.read(image_io.MOST_BYTES + 1)
    except OSError:
        return b""
    return data if len(data) <= image_io.MOST_BYTES else b""


def in_zip(path: Path, name: str) -> Files:
    """The files of a zip, all checked before the first is read.

    Raises:
        InvalidInput: if it is damaged, locked by a password, or made to harm; while reading too.
    """
    try:
        with zips.open_zip(path, MOST_FILES * _A_MEMBER) as archive:
            infos = archive.infolist()
    except zips.TooLong:
        raise too_many(name) from None
    except damage.ZIP as error:
        raise damaged(name, error) from None
    for info in infos:
        _check_zip_member(name, info)
    members = sorted(((_member_name(info), info) for info in infos), key=lambda member: member[0])
    check_members(name, [(member, info.file_size) for member, info in members], path.stat().st_size)
    files = [(member, info) for member, info in members if not info.is_dir()]

    def read() -> Iterator[tuple[int, bytes]]:
        try:
            with zipfile.ZipFile(path) as archive:
                for place, (_, info) in enumerate(files):
                    yield place, zips.read(archive, info) if info.file_size <= image_io.MOST_BYTES else b""
        except RuntimeError:
            raise _locked(name) from None
        except damage.ZIP as error:
            raise damaged(name, error) from None

    folders = tuple(member.rstrip("/") for member, info in members if info.is_dir() and member)
    return Files(tuple(member for member, _ in files), folders, read, tuple(_encoding_notes(files)))


def _member_name(info: zipfile.ZipInfo) -> str:
    """The path of a member. macOS and some tools write UTF-8 without the flag that says so."""
    name = info.filename
    if not info.flag_bits & _UTF8:
        with suppress(UnicodeError):
            name = name.encode(_OLD_ENCODING).decode("utf-8")
    return name.removeprefix("./")


def _encoding_notes(files: list[tuple[str, zipfile.ZipInfo]]) -> Iterator[str]:
    guessed = [
        member
        for member, info in files
        if not member.isascii() and not info.flag_bits & _UTF8 and info.filename.endswith(member)
    ]
    if guessed:
        what = f"{len(guessed):,} {'name is' if len(guessed) == 1 else 'names are'}"
        yield f"{what} not in UTF-8 and may have wrong characters: {first_few(guessed)}."


def _check_zip_member(name: str, info: zipfile.ZipInfo) -> None:
    if info.flag_bits & 0x41:
        raise _locked(name)
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise harmful(name, f"a link or device {printable(info.filename, 60)}")
    if info.orig_filename != info.filename and "\0" in info.orig_filename:
        raise harmful(name, f"a NUL in the name {printable(info.orig_filename, 60)}")
    if info.compress_type not in _METHODS:
        method = f"compression method {info.compress_type}"
        raise refused(name, "files stored or deflated", method, "zip the folder again")


def check_members(name: str, members: list[tuple[str, int]], packed: int) -> None:
    """Raises `InvalidInput` for names that lead out of a folder, twice the same, too many, or too much."""
    if len(members) > MOST_FILES:
        raise too_many(name)
    if sum(size for _, size in members) > max(ALWAYS_FINE, MOST_RATIO * packed):
        raise bomb(name)
    seen = set()
    for member, _ in members:
        shown = printable(member, 60)
        path = member.rstrip("/")
        if "\\" in path or re.match(r"/|[A-Za-z]:", path) or ".." in path.split("/"):
            raise harmful(name, f"a path that leads out of it, {shown}")
        if len(path) > _MOST_NAME:
            raise harmful(name, f"a path of {len(path):,} characters, {shown}")
        if member in seen and not member.endswith("/"):
            raise harmful(name, f"two files of one name, {shown}")
        if path.lower().endswith(_ARCHIVES) and not member.endswith("/"):
            step = "unpack it into a folder and use that; nested archives are never opened"
            raise refused(name, "images", f"an archive in it, {shown}", step)
        seen.add(member)


def damaged(name: str, error: Exception) -> InvalidInput:
    """The error for an archive that cannot be read to its end."""
    received = f"a damaged or incomplete archive ({type(error).__name__})"
    return refused(name, "an intact zip or tar", received, "create or download it again")


def _locked(name: str) -> InvalidInput:
    step = "create it again without a password"
    return refused(name, "an archive without a password", "a password-protected archive", step)


def harmful(name: str, received: str) -> InvalidInput:
    """The error for an archive that has what no archive of images has."""
    expected, step = "plain files and folders with plain names", "make the archive again from its folder"
    return refused(name, expected, received, step)


def bomb(name: str) -> InvalidInput:
    """The error for an archive that is made to fill the memory or the disk."""
    expected, step = "an archive of images", "check where it comes from, or give its folder"
    return refused(name, expected, f"an archive that grows over {MOST_RATIO} times when unpacked", step)


def too_many(name: str) -> InvalidInput:
    """The error for more files than MOST_FILES."""
    return refused(name, f"at most {MOST_FILES:,} files", "more", "use a part of it")
