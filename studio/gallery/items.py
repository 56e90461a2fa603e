"""Items: one finished result each, read from its folder and written into one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.core import paths, tasks
from studio.core.errors import Unavailable, printable
from studio.core.imaging import thumbnails
from studio.core.owners import LOCAL
from studio.core.recipes import Recipe
from studio.core.tasks import File, Kind, Result
from studio.engine.jobs import store
from studio.engine.jobs.parts import FINISHED, Outcome, Request, Status
from studio.engine.jobs.parts import Marks as StoredMarks

GONE = "There is no such item in the gallery. Look in the list."


@dataclass(frozen=True)
class Marks:
    """What its owner says of an item: a star, tags in small letters, and a name, "" for none."""

    starred: bool = False
    tags: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Item:
    """A finished result.

    Attributes:
        id: as that of the job that made it; sorts by time.
        task, title: the task's name and its noun for people.
        kind: what it is.
        settings, inputs: what was asked.
        owner: whose it is.
        created: when it was asked for, in seconds since 1970.
        seconds: how long it took; None if not known.
        result: what was made, with the recipe and the figures.
        marks: what its owner says of it.
    """

    id: str
    task: str
    title: str
    kind: Kind
    settings: Mapping[str, Any]
    inputs: Mapping[str, list[File]]
    owner: str
    created: float
    seconds: float | None
    result: Result
    folder: Path = field(repr=False)
    marks: Marks = Marks()

    def recipe_of(self, file: File) -> Recipe | None:
        """What made one of its files: of a cell of a sweep its own recipe, else the item's."""
        for cell in self.result.figures.get("cells", ()):
            if isinstance(cell, dict) and cell.get("digest") == file.digest and cell.get("recipe"):
                return Recipe.model_validate(cell["recipe"])
        return self.result.recipe

    @property
    def made_of(self) -> str:
        """What it was made of, in words: "chelsea + mosaic"; the name of its file if of nothing."""
        made_of = tasks.made_of(self.task, self.settings, self.inputs)
        return made_of or tasks.stem(self.result.files[0].name)

    @property
    def name(self) -> str:
        """The name that its owner gave it, else what it was made of."""
        return self.marks.name or self.made_of

    @property
    def whole(self) -> bool:
        """Whether the studio still has all its files."""
        return all(file.here for file in self.result.files)

    def thumbnail(self) -> bytes:
        """A small image of it as WebP, made now if it has none yet."""
        return thumbnail(self.folder, self.result.files[0])


def root() -> Path:
    """Where the items are, among the folders of jobs that are none."""
    return paths.folder("jobs")


def find(id: str, owner: str = LOCAL) -> Item:
    """The item of an id. Raises `Unavailable` if there is none, or it is another owner's."""
    item = read(root() / id) if store.is_id(id) else None
    if item is None or item.owner != owner:
        raise Unavailable(GONE)
    return item


def whole(ids: Iterable[str], owner: str = LOCAL) -> list[Item]:
    """The items of these ids whose files are all still here."""
    found = []
    for id in ids:
        with suppress(Unavailable):
            found.append(find(id, owner))
    return [item for item in found if item.whole]


def read(folder: Path) -> Item | None:
    """The item of a folder; None if it holds a job without a result, one that has not ended, or is odd."""
    kept = store.Folder(folder)
    outcome, request = kept.read(Outcome), kept.read(Request)
    if outcome is None or request is None or not store.is_id(folder.name):
        return None
    if outcome.result is None or not outcome.result.files:
        return None
    status = kept.read(Status)
    started, ended = (status.started, status.ended) if status else (None, None)
    return Item(
        id=folder.name,
        task=request.task,
        title=request.title,
        kind=outcome.result.files[0].kind,
        settings=request.settings,
        inputs=request.inputs,
        owner=request.owner,
        created=request.created,
        seconds=ended - started if started and ended else None,
        result=outcome.result,
        folder=folder,
        marks=_marks(kept),
    )


def _marks(kept: store.Folder) -> Marks:
    """None where the file is damaged: the item itself is whole."""
    found = kept.read(StoredMarks) or StoredMarks()
    return Marks(found.starred, tuple(map(printable, found.tags)), printable(found.name))


def is_settled(folder: Path) -> bool:
    """Whether nobody writes into the folder any more."""
    status = store.Folder(folder).read(Status)
    return status.state in FINISHED if status else store.Folder(folder).read(Outcome) is not None


def add(result: Result, seconds: float | None, owner: str = LOCAL) -> str:
    """Adds what was made outside the engine, as by a command; its recipe says how. Returns the id.

    Args:
        seconds: how long it took; None if not known.

    Raises:
        NoRoom: if the disk is full.
    """
    ended = time.time()
    recipe: Recipe = result.recipe
    task = tasks.get(recipe.task)
    kinds: dict[str, Kind] = {slot.name: slot.kind for slot in task.inputs}
    inputs = {
        slot: [File(source.digest, kinds[slot], source.name) for source in sources]
        for slot, sources in recipe.inputs.items()
        if slot in kinds
    }
    request = Request.of(task, recipe.settings, inputs, owner)
    id = store.new_id(int(ended * 1000))
    store.write_finished(root() / id, request, result, None if seconds is None else ended - seconds, ended)
    return id


def thumbnail(folder: Path, file: File) -> bytes:
    """A small image of the item in a folder as WebP, made now if it has none yet."""
    kept = store.Folder(folder)
    found = kept.thumbnail()
    if found is None and folder.is_dir():
        kept.show_result(file)
        found = kept.thumbnail()
    return found or _plain_sign(file.kind)


def _plain_sign(kind: Kind) -> bytes:
    """For what can no longer be read."""
    return thumbnails.encode(thumbnails.sign(kind))
