"""Reads how a file of the studio was made, and imports it into the gallery."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from studio.core import owners, paths, recipes, tasks
from studio.core.errors import InvalidInput, make_printable
from studio.core.owners import LOCAL
from studio.core.recipes import PNG_SIGNATURE, Input, Recipe
from studio.core.tasks import File, Kind, Result
from studio.gallery import index, items
from studio.gallery.index import Filter


@dataclass(frozen=True)
class Provenance:
    """How a file was made.

    Attributes:
        data, name: the file.
        kind: kind of the file; for a recipe alone, the kind of its result.
        recipe: recipe of the file.
        is_known: whether this studio has the task and accepts the settings; otherwise it can only be shown.
        missing: inputs that are no longer here, or belong to another owner.
        item: id of the gallery item with this file; "" if there is none.
    """

    data: bytes
    name: str
    kind: Kind
    recipe: Recipe
    is_known: bool
    missing: tuple[Input, ...]
    item: str

    @property
    def is_recipe(self) -> bool:
        """Returns whether the file is a recipe without its result."""
        return not self.data.startswith(PNG_SIGNATURE)


def read_provenance(
    data: bytes, name: str, owner: str = LOCAL, shared: Callable[[Input], bool] = lambda _source: False
) -> Provenance:
    """Reads how a PNG, or the file of a `NAME.EXT.json`, was made. Runs and downloads nothing.

    Does not decode a PNG: callers check first whether an uploaded one is valid.

    Args:
        data: bytes of the file.
        name: name of the file.
        owner: owner whose inputs and items count.
        shared: returns whether everybody may use an input, such as a sample.

    Raises:
        InvalidInput: if it is neither, is damaged, or has no valid recipe.
    """
    name = make_printable(name, 60)
    if not data.startswith(PNG_SIGNATURE) and data.lstrip()[:1] != b"{":
        raise InvalidInput(
            f"{name} is neither a PNG nor a recipe. Choose a PNG that the studio saved, or the .json file "
            "next to another of its results."
        )
    recipe = recipes.read(data)
    is_known, kind = _find_kind(recipe)
    sources = itertools.chain(*recipe.inputs.values())
    missing = tuple(source for source in sources if not (shared(source) or _is_available(source, owner)))
    entries, _ = index.find(Filter(digest=paths.digest(data)), owner, limit=1)
    return Provenance(data, name, kind, recipe, is_known, missing, entries[0].id if entries else "")


def _is_available(source: Input, owner: str) -> bool:
    """Returns whether the owner has an input; its SHA-256 in a recipe gives no access to others' files."""
    with owners.acting_as(owner):
        return File(source.digest, "image", source.name).is_available


def _find_kind(recipe: Recipe) -> tuple[bool, Kind]:
    """Returns whether this studio can run a recipe, and the kind of its result; "image" if it cannot."""
    try:
        return True, tasks.get(recipe.task).choose_kind(recipe.parse_settings())
    except InvalidInput:
        return False, "image"


def add(origin: Provenance, owner: str = LOCAL) -> str:
    """Adds an image that another studio made to the gallery. Returns the id of the item.

    Raises:
        InvalidInput: if it is only a recipe, or this studio does not have its task.
        InsufficientSpace: if the disk is full.
    """
    if origin.is_recipe or not origin.is_known:
        raise InvalidInput(
            "The gallery takes only images that this version of the studio can make. Make the image again."
        )
    file = File.store(origin.data, "image", PurePath(origin.name).name)
    return items.add(Result((file,), recipe=origin.recipe), None, owner)
