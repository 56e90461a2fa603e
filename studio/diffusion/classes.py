"""The classes that a diffusion model learns."""

from __future__ import annotations

from collections.abc import Sequence

from studio.core.data import ImageDataset
from studio.core.errors import invalid
from studio.core.generators.classes import MAX_CLASSES, MAX_NAME_CHARACTERS


def select(dataset: ImageDataset, conditional: bool) -> tuple[tuple[str, ...], list[str]]:
    """Returns the names of the classes to learn, () for none, and notes about them.

    Args:
        dataset: the training images.
        conditional: whether to learn the classes of the data set, if it has any.
    """
    names = dataset.classes
    if not conditional or dataset.labels is None:
        return (), []
    if len(names) > MAX_CLASSES or not all(0 < len(name) <= MAX_NAME_CHARACTERS for name in names):
        limit = f"{MAX_CLASSES:,} classes with names of 1 to {MAX_NAME_CHARACTERS} characters"
        return (), [f"The classes are ignored, because a model learns at most {limit}."]
    return names, []


def check_same(start: Sequence[str], names: Sequence[str]) -> None:
    """Raises `InvalidInput` unless a model to start from has the classes of the training images."""
    if list(start) != list(names):
        expected, received = (_describe(classes) for classes in (names, start))
        step = "choose another model, or turn class conditioning on or off as for that model"
        raise invalid("model to start from", expected=expected, received=received, next_step=step)


def _describe(names: Sequence[str]) -> str:
    return f"the classes {', '.join(names[:5])}{' ...' if len(names) > 5 else ''}" if names else "no classes"
