"""Items: finished results, each read from and written to a folder."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.core import paths, tasks
from studio.core.errors import Unavailable
from studio.core.imaging import thumbnails
from studio.core.owners import LOCAL
from studio.core.recipes import Recipe
from studio.core.tasks import File, Kind, Result
from studio.engine.jobs import store
from studio.engine.jobs.records import FINISHED, Marks, Outcome, Request, Status

GONE = "There is no such item in the gallery. Look in the list."


@dataclass(frozen=True)
class Item:
    """A finished result.

    Attributes:
        id: id of its job; sorts by time.
        task, title: name of the task, and its title for users.
        kind: kind of its main file.
        settings, inputs: those of the job.
        owner: owner of the item.
        created: time of the request, in seconds since 1970.
        seconds: duration; None if unknown.
        result: files, recipe and figures.
        folder: its folder.
        marks: the owner's marks.
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
    marks: Marks = field(default_factory=Marks)

    def recipe_of(self, file: File) -> Recipe | None:
        """Returns the recipe of one of its files: a cell of a sweep has its own, others have the item's."""
        for cell in self.result.figures.get("cells", ()):
            if isinstance(cell, dict) and cell.get("digest") == file.digest and cell.get("recipe"):
                return Recipe.model_validate(cell["recipe"])
        return self.result.recipe

    @property
    def inputs_text(self) -> str:
        """Returns its inputs in words, such as "chelsea + mosaic"; the stem of its file without inputs."""
        inputs_text = tasks.describe_sources(self.task, self.settings, self.inputs)
        return inputs_text or tasks.humanize_stem(self.result.files[0].name)

    @property
    def name(self) -> str:
        """Returns the owner's name for it, or else its inputs in words."""
        return self.marks.name or self.inputs_text

    @property
    def is_complete(self) -> bool:
        """Returns whether the studio still has all its files."""
        return all(file.is_available for file in self.result.files)

    def load_thumbnail(self) -> bytes:
        """Returns its thumbnail as WebP; creates it if there is none."""
        return load_thumbnail(self.folder, self.result.files[0])


def jobs_folder() -> Path:
    """Returns the folder of all jobs, which contains the items."""
    return paths.ensure_folder("jobs")


def find(id: str, owner: str = LOCAL) -> Item:
    """Returns the item of an id. Raises `Unavailable` if there is none, or it is another owner's."""
    item = read(jobs_folder() / id) if store.is_id(id) else None
    if item is None or item.owner != owner:
        raise Unavailable(GONE)
    return item


def find_complete(ids: Iterable[str], owner: str = LOCAL) -> list[Item]:
    """Returns the items of these ids whose files all still exist."""
    items = []
    for id in ids:
        with suppress(Unavailable):
            items.append(find(id, owner))
    return [item for item in items if item.is_complete]


def read(folder: Path) -> Item | None:
    """Reads the item of a folder; None for a job that has no result, is active, or is damaged."""
    job = store.Folder(folder)
    outcome, request = job.read(Outcome), job.read(Request)
    if outcome is None or request is None or not store.is_id(folder.name):
        return None
    if outcome.result is None or not outcome.result.files:
        return None
    status = job.read(Status)
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
        marks=job.read(Marks) or Marks(),  # a damaged file counts as no marks
    )


def is_settled(folder: Path) -> bool:
    """Returns whether nothing writes to the folder any more."""
    status = store.Folder(folder).read(Status)
    return status.state in FINISHED if status else store.Folder(folder).read(Outcome) is not None


def add(result: Result, seconds: float | None, owner: str = LOCAL) -> str:
    """Adds a result that was made outside of the engine, such as by a command. Returns the id of the item.

    Args:
        result: a result with a recipe.
        seconds: duration; None if unknown.
        owner: owner of the item.

    Raises:
        InsufficientSpace: if the disk is full.
    """
    ended = time.time()
    recipe: Recipe = result.recipe
    task = tasks.get(recipe.task)
    request = Request.of(task, recipe.settings, recipe.list_files(), owner)
    id = store.new_id(int(ended * 1000))
    store.write_finished(
        jobs_folder() / id, request, result, None if seconds is None else ended - seconds, ended
    )
    return id


def load_thumbnail(folder: Path, file: File) -> bytes:
    """Returns the thumbnail of the item in a folder as WebP; creates it if there is none."""
    job = store.Folder(folder)
    image = job.read_thumbnail()
    if image is None and folder.is_dir():
        job.write_thumbnails(file)
        image = job.read_thumbnail()
    # An icon stands for a file that can no longer be read.
    return image or thumbnails.encode(thumbnails.draw_icon(file.kind))
