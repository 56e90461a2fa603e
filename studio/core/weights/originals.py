"""Original files from the user: in a folder under their original name, or named by path."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from studio.core import paths
from studio.core.errors import InvalidInput, invalid
from studio.core.weights import conversion_cache, downloads
from studio.core.weights.index import Source


def find(source: Source) -> Path | None:
    """Finds a file with the source's name in STUDIO_WEIGHTS or in the weights folder, without reading it."""
    custom_folder = os.environ.get("STUDIO_WEIGHTS")
    for folder in ([paths.expand_user(custom_folder)] if custom_folder else []) + [conversion_cache.folder()]:
        if (folder / source.file).is_file():
            return folder / source.file
    return None


def find_verified(source: Source) -> Path | None:
    """Finds a file as `find` does, and verifies its checksum.

    Raises:
        InvalidInput: if the file is another one; ignoring it would confuse the user.
    """
    path = find(source)
    if path and not downloads.matches(path, source):
        raise _mismatch_error(path, [source])
    return path


def identify(path: Path, sources: Sequence[Source]) -> tuple[Source, Path]:
    """Finds the source of a file, or of one in a folder, by its checksum.

    Raises:
        InvalidInput: if it matches none of them.
    """
    paths_to_try = [path / source.file for source in sources] if path.is_dir() else [path]
    for candidate in paths_to_try:
        for source in sources:
            if candidate.is_file() and downloads.matches(candidate, source):
                return source, candidate
    raise _mismatch_error(path, sources)


def _mismatch_error(path: Path, sources: Sequence[Source]) -> InvalidInput:
    """Returns the error for a file that none of the sources pins."""
    expected = " or ".join(f"{source.file} with {' '.join(source.checksum)}" for source in sources)
    size = f"{path.stat().st_size:,} bytes" if path.is_file() else ""
    received = f"a file of {size} with another digest" if size else "none there"
    return invalid(str(path), expected=expected, received=received, next_step="fetch it again or remove it")
