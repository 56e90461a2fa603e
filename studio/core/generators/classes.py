"""The classes that a generator learns. Does not import Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.data import ImageDataset
from studio.core.errors import invalid
from studio.core.generators.directions import damaged_value_error

MAX_CLASSES = 1000
MAX_NAME_CHARACTERS = 200


def select(dataset: ImageDataset, conditional: bool) -> tuple[tuple[str, ...], list[str]]:
    """Returns the names of the classes to learn, () for none, and notes about them.

    Args:
        dataset: the training images.
        conditional: whether to learn the classes of the data set, if it has any.
    """
    names = dataset.classes
    if not conditional or dataset.labels is None:
        return (), []
    if len(names) > MAX_CLASSES or not all(map(_is_name, names)):
        limit = f"{MAX_CLASSES:,} classes with names of 1 to {MAX_NAME_CHARACTERS} characters"
        return (), [f"The classes are ignored, because a model learns at most {limit}."]
    return names, []


def check_same(start: Sequence[str], names: Sequence[str]) -> None:
    """Raises `InvalidInput` unless a model to start from has the classes of the training images."""
    if list(start) != list(names):
        expected, received = (_describe(classes) for classes in (names, start))
        step = "choose another model, or turn class conditioning on or off as for that model"
        raise invalid("model to start from", expected=expected, received=received, next_step=step)


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


def _describe(names: Sequence[str]) -> str:
    return f"the classes {', '.join(names[:5])}{' ...' if len(names) > 5 else ''}" if names else "no classes"
