"""Original files that a user brings: put into a folder under their own name, or named by their path."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from studio.core import paths
from studio.core.errors import InvalidInput, invalid
from studio.core.weights import converted, downloads
from studio.core.weights.index import Source


def find(source: Source) -> Path | None:
    """A file with the source's name in the folder STUDIO_WEIGHTS or in the weights folder; not read yet."""
    chosen = os.environ.get("STUDIO_WEIGHTS")
    for folder in ([paths.expand_user(chosen)] if chosen else []) + [converted.folder()]:
        if (folder / source.file).is_file():
            return folder / source.file
    return None


def find_verified(source: Source) -> Path | None:
    """As `find`, with its digest checked.

    Raises:
        InvalidInput: if the file there is another one; passing over it would puzzle who put it there.
    """
    path = find(source)
    if path and not downloads.matches(path, source):
        raise _wrong(path, [source])
    return path


def identify(path: Path, sources: Sequence[Source]) -> tuple[Source, Path]:
    """Which source a file, or one in a folder, is the original of: its digest counts, not its name.

    Raises:
        InvalidInput: if it is none of them.
    """
    candidates = [path / source.file for source in sources] if path.is_dir() else [path]
    for candidate in candidates:
        for source in sources:
            if candidate.is_file() and downloads.matches(candidate, source):
                return source, candidate
    raise _wrong(path, sources)


def _wrong(path: Path, sources: Sequence[Source]) -> InvalidInput:
    expected = " or ".join(f"{s.file} with {s.checksum[0]} {s.checksum[1]}" for s in sources)
    size = f"{path.stat().st_size:,} bytes" if path.is_file() else ""
    received = f"a file of {size} with another digest" if size else "none there"
    return invalid(str(path), expected=expected, received=received, next_step="fetch it again or remove it")
