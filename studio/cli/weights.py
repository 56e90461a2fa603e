"""`studio weights list|pull|verify`: the pretrained weights that the studio measures and paints with."""

from __future__ import annotations

from typing import Any


def add(commands: Any) -> None:
    """Adds the commands."""
