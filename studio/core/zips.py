"""Members of zips that came from a person: never more of them in memory than the zip itself declares."""

from __future__ import annotations

import zipfile


def read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member's bytes; the caller has checked how many it declares.

    `ZipFile.read` unpacks up to 2 GB in one piece before it looks at what was declared; this stops there.

    Raises:
        BadZipFile: if it holds others than it declares; else whatever `damage.ZIP` lists.
    """
    with archive.open(member) as file:
        return file.read(member.file_size)
