"""The studio's own processes of Python: none of them runs what lies in the folder where it was started.

Python looks for modules in the current folder first, and there a user may keep a `keras.py` of somebody's.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def command(*words: str) -> list[str]:
    """The command that starts this Python with such words; `-P` leaves the current folder out."""
    return [sys.executable, "-P", *words]


def environment(**more: str) -> dict[str, str]:
    """This process's environment for a child, in which it and its own children find this very studio."""
    return {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONPATH": search_path(), **more}


def search_path() -> str:
    """PYTHONPATH for a child: this studio, then what the person named, from wherever the child starts."""
    studio = Path(__file__).resolve().parents[3]
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    # An empty name stands for the current folder.
    return os.pathsep.join([str(studio), *(os.path.abspath(name) for name in named if name)])  # noqa: PTH100
