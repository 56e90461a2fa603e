"""What goes in and out, as OpenAPI tells it."""

from __future__ import annotations

import math
import mimetypes
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from studio.api.problems import told
from studio.core.files import Kind
from studio.core.tasks import File, Task
from studio.engine import Job as EngineJob
from studio.engine.jobs.snapshots import State
from studio.gallery.index import Entry

DIGEST = "^[0-9a-f]{64}$"
_SAFE = {"image", "video"}  # main types that a browser may show; all else it gets as it is, to save


class In(BaseModel):
    """What is sent; fields that nobody knows are refused."""

    model_config = ConfigDict(extra="forbid")


class Named(In):
    """A file that the studio has, with the name that its results are called after."""

    id: str = Field(pattern=DIGEST)
    name: str = Field("", max_length=200)


class Asked(In):
    """What shall be done: a task, its settings, and its inputs by their slots."""

    task: str = Field(max_length=100, examples=["style.transfer"])
    settings: dict[str, Any] = Field({}, description="Those that shall differ from the defaults.")
    inputs: dict[str, list[str | Named]] = Field(
        {},
        description="Of each slot its files: the id of an upload or of a result, `sample:NAME`, the name of "
        "a model, or `SETTING:NAME` where the slot takes names in place of files.",
        examples=[{"content": ["sample:chelsea"], "style": ["house:mosaic"]}],
    )


class AskedJob(Asked):
    """A job, and the batch that it is of."""

    batch: str = Field(
        "",
        pattern="^[A-Za-z0-9._-]{0,100}$",
        description="A name of your choice: jobs of one name have one place in the order.",
    )


class BatchOut(BaseModel):
    """The jobs of a batch, how many of them have ended, and how many of those without a result."""

    id: str
    jobs: list[str]
    ended: int
    failed: int


class Move(In):
    """Where a waiting job shall go."""

    to: str = Field(
        "front",
        max_length=100,
        description="front, up (by one), or the id of the waiting job before which it shall run.",
    )


class FileOut(BaseModel):
    """A file that the studio has; `href` is below api/v1/."""

    id: str
    kind: Kind
    name: str
    href: str


class SlotOut(BaseModel):
    """An input of a task: how many files of which kind; `instead` is the setting that takes names."""

    name: str
    kind: Kind
    least: int
    most: int
    instead: str


class TaskOut(BaseModel):
    """A task; `settings` is a JSON Schema."""

    name: str
    title: str
    help: str
    command: str
    produces: Kind
    lane: str
    inputs: list[SlotOut]
    settings: dict[str, Any]


class ResultOut(BaseModel):
    """What was made, the main file first; `recipe` makes it again."""

    files: list[FileOut]
    figures: dict[str, Any]
    recipe: dict[str, Any] | None
    stopped_early: bool


class JobOut(BaseModel):
    """A job as it stands; times are seconds since 1970.

    `place` is 1 for the next and 0 for one that does not wait. `expected` is about how many seconds it takes,
    `starts_in` how many it is until it begins; null where that is not known.
    """

    id: str
    task: str
    title: str
    settings: dict[str, Any]
    inputs: dict[str, list[FileOut]]
    state: State
    finished: bool
    place: int
    expected: float | None
    starts_in: float | None
    paused: bool
    batch: str
    created: float
    started: float | None
    ended: float | None
    step: int
    total: int
    stage: str
    text: str
    metrics: dict[str, float | None]
    seconds_left: float | None
    error: str
    result: ResultOut | None


class ItemOut(BaseModel):
    """An item of the gallery."""

    id: str
    kind: Kind
    task: str
    title: str
    name: str
    created: float
    starred: bool
    tags: list[str]
    file: FileOut


class MarksIn(In):
    """What shall be changed of an item's marks; null leaves it as it is."""

    starred: bool | None = None
    tags: list[str] | None = Field(None, description="All that it shall have, instead of those it has.")
    name: str | None = Field(None, description='"" for the one that the studio gives.')


class ItemsOut(BaseModel):
    """A part of what was found, newest first, and how many there are in all."""

    items: list[ItemOut]
    total: int


class ModelOut(BaseModel):
    """A trained model: its name, and the task that made it."""

    name: str
    task: str


class HealthOut(BaseModel):
    """How the studio is: "starting", "warming up", "ready", or "down: " and why."""

    status: str
    version: str


def file(kept: File) -> FileOut:
    """A kept file as it is told of."""
    name = kept.name.encode("utf-8", "replace").decode()
    href = f"files/{kept.digest}?kind={kept.kind}&name={quote(name)}"
    return FileOut(id=kept.digest, kind=kept.kind, name=name, href=href)


def task(one: Task) -> TaskOut:
    """A task as it is told of; what is set where the work is done is none of a caller's settings."""
    schema = one.settings.model_json_schema()
    for name, known in one.settings.described().items():
        if known.here:
            schema["properties"].pop(name)
    slots = [
        SlotOut(name=s.name, kind=s.kind, least=s.least, most=s.most, instead=s.instead) for s in one.inputs
    ]
    return TaskOut(
        name=one.name,
        title=one.title,
        help=one.help,
        command=one.command,
        produces=one.produces,
        lane=one.lane,
        inputs=slots,
        settings=schema,
    )


def job(one: EngineJob) -> JobOut:
    """A job as it is told of."""
    report, result = one.report, None
    if one.result is not None:
        recipe = one.result.recipe
        result = ResultOut(
            files=[file(kept) for kept in one.result.files],
            figures=plain(dict(one.result.figures)),
            recipe=None if recipe is None else plain(recipe.model_dump(mode="json")),
            stopped_early=one.result.stopped_early,
        )
    return JobOut(
        id=one.id,
        task=one.task,
        title=one.title,
        settings=plain(one.settings),
        inputs={slot: [file(kept) for kept in files] for slot, files in one.inputs.items()},
        state=one.state,
        finished=one.finished,
        place=one.place,
        expected=one.expected,
        starts_in=one.starts_in,
        paused=one.paused,
        batch=one.batch,
        created=one.created,
        started=one.started,
        ended=one.ended,
        step=report.step if report else 0,
        total=report.total if report else 0,
        stage=report.stage if report else "",
        text=report.text if report else "",
        metrics=plain(dict(report.metrics)) if report else {},
        seconds_left=report.seconds_left if report else None,
        error=told(one.owner, one.error),
        result=result,
    )


def item(entry: Entry) -> ItemOut:
    """An item as it is told of."""
    return ItemOut(
        id=entry.id,
        kind=entry.kind,
        task=entry.task,
        title=entry.title,
        name=plain(entry.name),
        created=entry.created,
        starred=entry.starred,
        tags=plain(list(entry.tags)),
        file=file(entry.file),
    )


def plain(value: Any) -> Any:
    """The same as JSON has it: NaN and infinity become null, and what is no text is replaced."""
    if isinstance(value, dict):
        return {plain(str(name)): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def media_type(name: str) -> str:
    """As what a file is sent, by its name: nothing that a browser would run."""
    found = mimetypes.guess_type(PurePath(name).name)[0] or ""
    if found.partition("/")[0] in _SAFE and found != "image/svg+xml":
        return found
    by_end = {".txt": "text/plain", ".json": "application/json", ".zip": "application/zip"}
    return by_end.get(PurePath(name).suffix.lower(), "application/octet-stream")
