"""What a search of the gallery may ask for, and how a word of it is looked for."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from studio.core.recipes import Recipe
from studio.gallery.items import Item

_MOST_WORDS = 4000


def needle(word: str) -> str:
    """What must occur in `words_of` an item that has a word of a search: 7 is not found in 2026."""
    whole = "=" in word or re.fullmatch(r"[-+]?[\d.]+", word)
    return f" {word.replace('=', ' ')} " if whole else word


def words_of(item: Item) -> str:
    """All that a search may ask for, in small letters, a space before and after each word.

    They are the names, the date, and each setting as "name value".
    """
    day = time.strftime("%Y %Y-%m %Y-%m-%d %B %A", time.localtime(item.created))
    stopped = ["stopped early"] if item.result.stopped_early else []
    told = [item.marks.name, *item.marks.tags]
    told += [item.title, item.task, item.kind, day, *stopped, *(file.name for file in item.result.files)]
    told += [item.made_of, *_settings(item.settings)]
    told += _chain(item.result.recipe) if item.result.recipe is not None else []
    words = " ".join(" ".join(told)[:_MOST_WORDS].casefold().split())
    return f" {words} "


def _settings(settings: Any) -> Iterator[str]:
    for name, value in settings.items():
        yield f"{name} {' '.join(map(str, value)) if isinstance(value, list | tuple) else value}"


def _chain(recipe: Recipe) -> Iterator[str]:
    """The words of the weights and, of inputs that the studio made, of their recipes."""
    yield from recipe.weights
    for sources in recipe.inputs.values():
        for source in sources:
            yield source.name
            if source.recipe is not None:
                yield source.recipe.task
                yield from _settings(source.recipe.settings)
                yield from _chain(source.recipe)
