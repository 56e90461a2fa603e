"""Removes paths of this machine from messages to visitors."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

# Paths that are absolute or below a home.
_PATH_PATTERN = re.compile(r"(?<![\w:/.~-])~?/(?:[^\s/,;:'\"()]+/)+[^\s/,;:'\"()]*")


def redact_paths(text: str) -> str:
    """Replaces all paths of this machine in a text."""
    for root in _find_roots():
        text = text.replace(root, "/of/the-studio")  # _PATH_PATTERN does not match names with spaces
    return _PATH_PATTERN.sub("a place on the server", text)


def _find_roots() -> list[str]:
    """Returns the home, temporary, data and program folders, longest first, because they may be nested."""
    import platformdirs

    studio_home = os.environ.get("STUDIO_HOME", "")
    roots = {studio_home, os.path.realpath(studio_home) if studio_home else "", tempfile.gettempdir()}
    roots |= {str(platformdirs.user_data_path()), str(Path(__file__).parents[1])}
    with suppress(RuntimeError):  # the user has no home
        roots.add(str(Path.home()))
    return sorted(roots - {"", "/"}, key=len, reverse=True)
