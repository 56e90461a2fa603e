"""Reads the pinned members of an archive into memory. Nothing is extracted to disk."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from pathlib import Path

from studio.core import paths
from studio.core.errors import invalid
from studio.core.weights.index import Member


def members(archive: Path, pinned: Sequence[Member]) -> dict[str, bytes]:
    """Reads pinned members of a tar file by full path.

    Args:
        archive: a tar file, compressed or not.
        pinned: the members to read; each must be a regular file of the pinned size and SHA-256.

    Returns:
        The bytes by the last part of each member's path.

    Raises:
        InvalidInput: if the archive is damaged, or a member is missing or differs.
    """
    contents: dict[str, bytes] = {}
    by_path = {member.path: member for member in pinned}
    try:
        with tarfile.open(archive) as tar:
            for info in tar:
                member = by_path.get(info.name)
                if member and info.isreg() and info.size == member.bytes and (file := tar.extractfile(info)):
                    contents[member.name] = file.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise _archive_error(archive, f"a damaged one ({type(error).__name__})") from None
    for member in pinned:
        check(contents.get(member.name, b""), member, archive)
    return contents


def check(data: bytes, member: Member, origin: Path) -> None:
    """Raises `InvalidInput` unless `data` has the pinned size and SHA-256 of `member`."""
    if len(data) != member.bytes or paths.digest(data) != member.sha256:
        raise _archive_error(origin, f"another or no {member.name}")


def _archive_error(archive: Path, received: str) -> Exception:
    return invalid(archive.name, expected="the pinned archive", received=received, next_step="fetch it again")
