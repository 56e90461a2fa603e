"""Reads the pinned members of an archive into memory. Nothing is extracted to disk."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from studio.core import paths
from studio.core.errors import invalid
from studio.core.untrusted import damage, zips
from studio.core.weights.index import Member

_MAX_ZIP_LIST_BYTES = 1 << 20


def read_members(archive: Path, members: Sequence[Member]) -> dict[str, bytes]:
    """Reads pinned members of a tar or zip file, found by their full paths.

    Args:
        archive: a tar file, compressed or not, or a zip file, such as a wheel.
        members: the pinned members to read; each must be a regular file of its size and SHA-256.

    Returns:
        The bytes by the last part of each member's path.

    Raises:
        InvalidInput: if the archive is damaged, or a member is missing or differs.
    """
    by_path = {member.path: member for member in members}
    try:
        read = _read_zip if zipfile.is_zipfile(archive) else _read_tar
        contents = read(archive, by_path)
    except (tarfile.TarError, *damage.ZIP_ERRORS, OSError, EOFError) as error:
        raise _archive_error(archive, f"a damaged one ({type(error).__name__})") from None
    for member in members:
        check_member(contents.get(member.name, b""), member, archive)
    return contents


def _read_tar(archive: Path, members: Mapping[str, Member]) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    with tarfile.open(archive) as tar:
        for tar_info in tar:
            member = members.get(tar_info.name)
            if (
                member
                and tar_info.isreg()
                and tar_info.size == member.bytes
                and (file := tar.extractfile(tar_info))
            ):
                contents[member.name] = file.read()
    return contents


def _read_zip(archive: Path, members: Mapping[str, Member]) -> dict[str, bytes]:
    with zips.open_zip(archive, _MAX_ZIP_LIST_BYTES) as zip_file:
        return {
            member.name: zips.read(zip_file, zip_info)
            for zip_info in zip_file.infolist()
            if (member := members.get(zip_info.filename)) and zip_info.file_size == member.bytes
        }


def check_member(data: bytes, member: Member, archive: Path) -> None:
    """Raises `InvalidInput` unless `data` has the pinned size and SHA-256 of `member`."""
    if len(data) != member.bytes or paths.digest(data) != member.sha256:
        raise _archive_error(archive, f"another or no {member.name}")


def _archive_error(archive: Path, received: str) -> Exception:
    return invalid(archive.name, expected="the pinned archive", received=received, next_step="fetch it again")
