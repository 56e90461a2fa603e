"""Names of widgets and of values of the session that belong to something else."""

from __future__ import annotations

import re


def part(owner: str, name: object) -> str:
    """The key of a part: `("photo", "before")` -> "photo.before".

    No key that is written out has a dot, so it can never be that of another widget or value.

    Args:
        owner: the key of the widget or value that the part belongs to.
        name: of the part.
    """
    return f"{owner}.{name}"


def css_class(key: str) -> str:
    """The CSS class that Streamlit gives to what has a key: "photo.before" -> "st-key-photo-before"."""
    return f"st-key-{re.sub(r'[^a-zA-Z0-9_-]', '-', key)}"
