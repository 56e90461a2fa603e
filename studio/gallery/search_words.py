"""The searchable text of gallery items, and how a search word matches it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from studio.core.recipes import Recipe
from studio.gallery.items import Item

_MOST_WORDS = 4000


def needle(word: str) -> str:
    """Returns the string that must occur in `words_of` a match; numbers match as whole words."""
    is_exact = "=" in word or re.fullmatch(r"[-+]?[\d.]+", word)
    return f" {word.replace('=', ' ')} " if is_exact else word


def words_of(item: Item) -> str:
    """Returns the searchable text of an item in lower case, with a space before and after each word.

    It contains the names, the tags, the date, and each setting as "name value".
    """
    day = time.strftime("%Y %Y-%m %Y-%m-%d %B %A", time.localtime(item.created))
    stopped = ["stopped early"] if item.result.stopped_early else []
    parts = [item.marks.name, *item.marks.tags]
    parts += [item.title, item.task, item.kind, day, *stopped, *(file.name for file in item.result.files)]
    parts += [item.made_of, *_settings(item.settings)]
    parts += _chain(item.result.recipe) if item.result.recipe is not None else []
    words = " ".join(" ".join(parts)[:_MOST_WORDS].casefold().split())
    return f" {words} "


def _settings(settings: Any) -> Iterator[str]:
    for name, value in settings.items():
        yield f"{name} {' '.join(map(str, value)) if isinstance(value, list | tuple) else value}"


def _chain(recipe: Recipe) -> Iterator[str]:
    """Yields the names of weights and inputs, and the words of the recipes of inputs."""
    yield from recipe.weights
    for sources in recipe.inputs.values():
        for source in sources:
            yield source.name
            if source.recipe is not None:
                yield source.recipe.task
                yield from _settings(source.recipe.settings)
                yield from _chain(source.recipe)
