"""Starts the studio's own Python processes without importing modules from the current folder.

Python looks for modules in the current folder first, where a downloaded `keras.py` may lie.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def build_command(*arguments: str) -> list[str]:
    """Returns the command that starts this Python with arguments; `-P` excludes the current folder."""
    return [sys.executable, "-P", *arguments]


def build_environment(**variables: str) -> dict[str, str]:
    """Returns the environment of a child process, in which it and its children import this studio."""
    return {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONPATH": build_search_path(), **variables}


def build_search_path() -> str:
    """Returns the PYTHONPATH of a child process: this studio, then the user's entries as absolute paths."""
    studio_root = Path(__file__).resolve().parents[3]
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    # An empty name stands for the current folder.
    return os.pathsep.join([str(studio_root), *(os.path.abspath(name) for name in entries if name)])  # noqa: PTH100
