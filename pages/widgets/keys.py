"""Keys of widgets and session values that belong to another one, and CSS classes of keys."""

from __future__ import annotations

import re


def part(owner: str, name: object) -> str:
    """Returns the key of a part: `("photo", "before")` -> "photo.before".

    No literal key contains a dot, so the result never equals the key of another widget or value.

    Args:
        owner: key of the widget or value that the part belongs to.
        name: name of the part.
    """
    return f"{owner}.{name}"


def css_class(key: str) -> str:
    """Returns the CSS class that Streamlit gives to a key: "photo.before" -> "st-key-photo-before"."""
    return f"st-key-{re.sub(r'[^a-zA-Z0-9_-]', '-', key)}"
