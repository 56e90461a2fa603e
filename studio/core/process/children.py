"""Starts the studio's own Python processes without importing modules from the current folder.

Python looks for modules in the current folder first, where a downloaded `keras.py` may lie.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def command(*words: str) -> list[str]:
    """Returns the command that starts this Python with arguments; `-P` excludes the current folder."""
    return [sys.executable, "-P", *words]


def environment(**more: str) -> dict[str, str]:
    """Returns the environment of a child process, in which it and its children import this studio."""
    return {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONPATH": search_path(), **more}


def search_path() -> str:
    """Returns the PYTHONPATH of a child process: this studio, then the user's entries as absolute paths."""
    studio = Path(__file__).resolve().parents[3]
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    # An empty name stands for the current folder.
    return os.pathsep.join([str(studio), *(os.path.abspath(name) for name in named if name)])  # noqa: PTH100
