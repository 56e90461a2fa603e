"""A file from anywhere that the studio made: how it was made, and into the gallery with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from studio.core import owners, paths, recipes, tasks
from studio.core.errors import InvalidInput, printable
from studio.core.owners import LOCAL
from studio.core.recipes import PNG, Input, Recipe
from studio.core.tasks import File, Kind, Result
from studio.gallery import index, items
from studio.gallery.index import Wanted


@dataclass(frozen=True)
class Provenance:
    """What a file tells of its making.

    Attributes:
        data, name: the file.
        kind: what it is; of a recipe alone, what it makes.
        recipe: what made it.
        known: whether this studio has the task and takes the settings; if not, it can be read and no more.
        missing: inputs that are no longer here, or are somebody else's.
        item: the id of the item in the gallery that is this very file, "" if there is none.
    """

    data: bytes
    name: str
    kind: Kind
    recipe: Recipe
    known: bool
    missing: tuple[Input, ...]
    item: str

    @property
    def is_recipe(self) -> bool:
        """Whether it is a recipe alone, without what it made."""
        return not self.data.startswith(PNG)

    def inputs(self) -> dict[str, list[File]]:
        """The files that it was made from, as its task takes them."""
        kinds = {slot.name: slot.kind for slot in tasks.get(self.recipe.task).inputs}
        return {
            slot: [File(source.digest, kinds.get(slot, "image"), source.name) for source in sources]
            for slot, sources in self.recipe.inputs.items()
        }


def provenance(
    data: bytes, name: str, owner: str = LOCAL, shared: Callable[[Input], bool] = lambda _source: False
) -> Provenance:
    """Reads how a PNG, or the `NAME.EXT.json` of another file, was made. Nothing in it is run or fetched.

    A PNG is not decoded: who takes one from elsewhere checks first that it is whole.

    Args:
        shared: whether an input is one that everybody may use, such as a sample.

    Raises:
        InvalidInput: if it is neither, is damaged, or has no recipe that can be read.
    """
    name = printable(name, 60)
    if not data.startswith(PNG) and data.lstrip()[:1] != b"{":
        raise InvalidInput(
            f"{name} is neither a PNG nor a recipe. Choose a PNG that the studio saved, or the .json file "
            "next to another of its results."
        )
    recipe = recipes.read(data)
    known, kind = _kind(recipe)
    missing = tuple(source for source in _sources(recipe) if not (shared(source) or _is_here(source, owner)))
    found, _ = index.find(Wanted(digest=paths.digest(data)), owner, most=1)
    return Provenance(data, name, kind, recipe, known, missing, found[0].id if found else "")


def _sources(recipe: Recipe) -> Iterator[Input]:
    for sources in recipe.inputs.values():
        yield from sources


def _is_here(source: Input, owner: str) -> bool:
    """Whether an input can be used: a digest in a recipe alone gives nobody what somebody else put in."""
    with owners.asking(owner):
        return File(source.digest, "image", source.name).here


def _kind(recipe: Recipe) -> tuple[bool, Kind]:
    try:
        return True, tasks.get(recipe.task).makes(recipe.checked_settings())
    except InvalidInput:
        return False, "image"


def add(told: Provenance, owner: str = LOCAL) -> str:
    """Puts an image of the studio that came from elsewhere into the gallery. Returns the item's id.

    Raises:
        InvalidInput: if it is a recipe alone, or made by a task that this studio does not know.
        NoRoom: if the disk is full.
    """
    if told.is_recipe or not told.known:
        raise InvalidInput(
            "The gallery takes only images that this version of the studio can make. Make the image again."
        )
    file = File.keep(told.data, "image", PurePath(told.name).name)
    return items.add(Result((file,), recipe=told.recipe), None, owner)
