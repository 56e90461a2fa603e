"""Takes the pinned members out of an archive, in memory: nothing is unpacked, nothing unpinned returned."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from pathlib import Path

from studio.core import paths
from studio.core.errors import invalid
from studio.core.weights.index import Member


def members(archive: Path, wanted: Sequence[Member]) -> dict[str, bytes]:
    """Reads members of a tar file by their full path.

    Args:
        archive: a tar file, compressed or not.
        wanted: what to read; each must be a regular file of the pinned size and digest.

    Returns:
        The bytes by the last part of each member's path.

    Raises:
        InvalidInput: if the archive is damaged, or lacks one of them just as it was pinned.
    """
    found: dict[str, bytes] = {}
    by_path = {member.path: member for member in wanted}
    try:
        with tarfile.open(archive) as tar:
            for info in tar:
                member = by_path.get(info.name)
                if member and info.isreg() and info.size == member.bytes and (file := tar.extractfile(info)):
                    found[member.name] = file.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise _refused(archive, f"a damaged one ({type(error).__name__})") from None
    for member in wanted:
        check(found.get(member.name, b""), member, archive)
    return found


def check(data: bytes, member: Member, origin: Path) -> None:
    """Raises `InvalidInput` unless `data` has the pinned size and digest of `member`."""
    if len(data) != member.bytes or paths.digest(data) != member.sha256:
        raise _refused(origin, f"another or no {member.name}")


def _refused(archive: Path, received: str) -> Exception:
    return invalid(archive.name, expected="the pinned archive", received=received, next_step="fetch it again")
