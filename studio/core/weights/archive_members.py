"""Reads the pinned members of an archive into memory. Nothing is extracted to disk."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from pathlib import Path

from studio.core import paths
from studio.core.errors import invalid
from studio.core.weights.index import Member


def read_members(archive: Path, members: Sequence[Member]) -> dict[str, bytes]:
    """Reads pinned members of a tar file, found by their full paths.

    Args:
        archive: a tar file, compressed or not.
        members: the pinned members to read; each must be a regular file of its size and SHA-256.

    Returns:
        The bytes by the last part of each member's path.

    Raises:
        InvalidInput: if the archive is damaged, or a member is missing or differs.
    """
    contents: dict[str, bytes] = {}
    by_path = {member.path: member for member in members}
    try:
        with tarfile.open(archive) as tar:
            for tar_info in tar:
                member = by_path.get(tar_info.name)
                if (
                    member
                    and tar_info.isreg()
                    and tar_info.size == member.bytes
                    and (file := tar.extractfile(tar_info))
                ):
                    contents[member.name] = file.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise _archive_error(archive, f"a damaged one ({type(error).__name__})") from None
    for member in members:
        check_member(contents.get(member.name, b""), member, archive)
    return contents


def check_member(data: bytes, member: Member, archive: Path) -> None:
    """Raises `InvalidInput` unless `data` has the pinned size and SHA-256 of `member`."""
    if len(data) != member.bytes or paths.digest(data) != member.sha256:
        raise _archive_error(archive, f"another or no {member.name}")


def _archive_error(archive: Path, received: str) -> Exception:
    return invalid(archive.name, expected="the pinned archive", received=received, next_step="fetch it again")
