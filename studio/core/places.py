"""Places on this machine within sentences: who runs the studio may read them, its visitors may not."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

_PLACE = re.compile(
    r"(?<![\w:/.~-])~?/(?:[^\s/,;:'\"()]+/)+[^\s/,;:'\"()]*"
)  # a path from the root or a home


def without_paths(text: str) -> str:
    """`text` without what it says of where things are on this machine."""
    for root in _roots():
        text = text.replace(root, "/of/the-studio")  # its name may have spaces
    return _PLACE.sub("a place on the server", text)


def _roots() -> list[str]:
    """Places whose names may have spaces, the longest first, for one may lie in another."""
    import platformdirs

    chosen = os.environ.get("STUDIO_HOME", "")
    found = {chosen, os.path.realpath(chosen) if chosen else "", tempfile.gettempdir()}
    found |= {str(platformdirs.user_data_path()), str(Path(__file__).parents[1])}
    with suppress(RuntimeError):  # who has no home
        found.add(str(Path.home()))
    return sorted(found - {"", "/"}, key=len, reverse=True)
