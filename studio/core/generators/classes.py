"""The classes that a generator learned, read from a model. Does not import Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.generators.directions import damaged_value_error

MAX_CLASSES = 1000
MAX_NAME_CHARACTERS = 200


def read(saved: Mapping[str, Any]) -> tuple[str, ...]:
    """Reads the names of the classes from `data` of a model's settings.json; () for a model without classes.

    Raises:
        InvalidInput: if they are not names that training saved.
    """
    names = saved.get("classes", [])
    if not isinstance(names, list) or len(names) > MAX_CLASSES or not all(map(_is_name, names)):
        raise damaged_value_error("classes", "another thing")
    if len(set(names)) != len(names) or len(names) == 1:
        raise damaged_value_error("classes", "a single class, or one twice")
    return tuple(names)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME_CHARACTERS
