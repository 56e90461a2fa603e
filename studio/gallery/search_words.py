"""The searchable text of gallery items, and how a search word matches it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from studio.core.recipes import Recipe
from studio.gallery.items import Item

_MAX_CHARACTERS = 4000


def format_needle(word: str) -> str:
    """Returns the string that must occur in `build_search_text` a match; numbers match as whole words."""
    is_exact = "=" in word or re.fullmatch(r"[-+]?[\d.]+", word)
    return f" {word.replace('=', ' ')} " if is_exact else word


def build_search_text(item: Item) -> str:
    """Returns the searchable text of an item in lower case, with a space before and after each word.

    It contains the names, the tags, the boards, the date, and each setting as "name value".
    """
    day = time.strftime("%Y %Y-%m %Y-%m-%d %B %A", time.localtime(item.created))
    stop_note = ["stopped early"] if item.result.stopped_early else []
    texts = [item.marks.name, *item.marks.tags, *item.marks.boards]
    texts += [item.title, item.task, item.kind, day, *stop_note, *(file.name for file in item.result.files)]
    texts += [item.inputs_text, *_list_setting_words(item.settings)]
    texts += _list_recipe_words(item.result.recipe) if item.result.recipe is not None else []
    text = " ".join(" ".join(texts)[:_MAX_CHARACTERS].casefold().split())
    return f" {text} "


def _list_setting_words(settings: Any) -> Iterator[str]:
    """Yields "name value" of each setting."""
    for name, value in settings.items():
        yield f"{name} {' '.join(map(str, value)) if isinstance(value, list | tuple) else value}"


def _list_recipe_words(recipe: Recipe) -> Iterator[str]:
    """Yields the names of weights and inputs, and the words of the recipes of inputs."""
    yield from recipe.weights
    for sources in recipe.inputs.values():
        for source in sources:
            yield source.name
            if source.recipe is not None:
                yield source.recipe.task
                yield from _list_setting_words(source.recipe.settings)
                yield from _list_recipe_words(source.recipe)
