"""What is answered, as OpenAPI tells it: read off the library's own objects, field by field."""

from __future__ import annotations

import math
import mimetypes
from pathlib import PurePath
from typing import Annotated, Any, Self
from urllib.parse import quote

from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, computed_field

from studio.api.problems import told
from studio.core.files import Kind
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.engine import Job as EngineJob
from studio.engine.jobs.parts import State

MOST_LISTED = 100  # numbers of a figure that are told unasked
_SAFE = {"image", "video"}  # main types that a browser may show; all else it gets as it is, to save


def plain(value: Any) -> Any:
    """The same as JSON has it: NaN and infinity become null, and what is no text is replaced."""
    if isinstance(value, dict):
        return {plain(str(name)): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _schema(settings: type[Settings]) -> dict[str, Any]:
    """The JSON Schema of settings; what is set where the work is done is none of a caller's settings."""
    schema = settings.model_json_schema()
    for name, known in settings.described().items():
        if known.here:
            schema["properties"].pop(name)
    return schema


def _recipe(made: Recipe | None) -> Any:
    return None if made is None else plain(made.model_dump(mode="json"))


Text = Annotated[str, BeforeValidator(plain)]
Facts = Annotated[dict[str, Any], BeforeValidator(lambda told: plain(dict(told)))]


class Out(BaseModel):
    """What is answered."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, source: object) -> Self:
        """Made of an object that has its fields as attributes."""
        return cls.model_validate(source)


class FileOut(Out):
    """A file that the studio has; `href` is below api/v1/."""

    id: str = Field(validation_alias="digest")
    kind: Kind
    name: Text

    @computed_field  # type: ignore[prop-decorator]
    @property
    def href(self) -> str:
        """Where its bytes are."""
        return f"files/{self.id}?kind={self.kind}&name={quote(self.name)}"


class SlotOut(Out):
    """An input of a task: how many files of which kind; `instead` is the setting that takes names."""

    name: str
    kind: Kind
    least: int
    most: int
    instead: str


class TaskOut(Out):
    """A task; `settings` is a JSON Schema."""

    name: str
    title: str
    help: str
    command: str
    produces: Kind
    lane: str
    inputs: list[SlotOut]
    settings: Annotated[dict[str, Any], BeforeValidator(_schema)]


class ResultOut(Out):
    """What was made, the main file first; `recipe` makes it again."""

    files: list[FileOut]
    figures: Facts
    recipe: Annotated[dict[str, Any] | None, BeforeValidator(_recipe)]
    stopped_early: bool


class JobOut(Out):
    """A job as it stands; times are seconds since 1970.

    `place` is 1 for the next and 0 for one that does not wait. `expected` is about how many seconds it takes,
    `starts_in` how many it is until it begins; null where that is not known.
    `kept` says what a stopped job kept.
    """

    id: str
    task: str
    title: str
    settings: Facts
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
    step: int = Field(0, validation_alias=AliasPath("report", "step"))
    total: int = Field(0, validation_alias=AliasPath("report", "total"))
    stage: Text = Field("", validation_alias=AliasPath("report", "stage"))
    text: Text = Field("", validation_alias=AliasPath("report", "text"))
    metrics: Annotated[dict[str, float | None], BeforeValidator(lambda told: plain(dict(told)))] = Field(
        {}, validation_alias=AliasPath("report", "metrics")
    )
    seconds_left: float | None = Field(None, validation_alias=AliasPath("report", "seconds_left"))
    error: Text
    kept: str
    result: ResultOut | None


class BatchOut(Out):
    """The jobs of a batch, how many of them have ended, and how many of those without a result."""

    id: str
    jobs: list[str]
    ended: int
    failed: int


class ItemOut(Out):
    """An item of the gallery."""

    id: str
    kind: Kind
    task: str
    title: str
    name: Text
    created: float
    starred: bool
    tags: list[Text]
    file: FileOut


class ItemsOut(Out):
    """A part of what was found, newest first, and how many there are in all."""

    items: list[ItemOut]
    total: int


class ModelOut(Out):
    """A trained model: its name, those that it had before, and the task that made it."""

    name: str
    former: list[str]
    task: str


class HealthOut(Out):
    """How the studio is: "starting", "warming up", "ready", or "down: " and why."""

    status: str
    version: str


def job(one: EngineJob, all_figures: bool = False) -> JobOut:
    """A job as its owner may read it.

    Args:
        all_figures: whether its figures include long lists, such as the loss of each character of a text.
    """
    out = JobOut.of(one).model_copy(update={"error": told(one.owner, one.error)})
    if out.result is None or all_figures:
        return out
    short = {name: value for name, value in out.result.figures.items() if not _is_long(value)}
    return out.model_copy(update={"result": out.result.model_copy(update={"figures": short})})


def _is_long(figure: object) -> bool:
    return isinstance(figure, list) and len(figure) > MOST_LISTED


def media_type(name: str) -> str:
    """As what a file is sent, by its name: nothing that a browser would run."""
    found = mimetypes.guess_type(PurePath(name).name)[0] or ""
    if found.partition("/")[0] in _SAFE and found != "image/svg+xml":
        return found
    by_end = {".txt": "text/plain", ".json": "application/json", ".zip": "application/zip"}
    return by_end.get(PurePath(name).suffix.lower(), "application/octet-stream")
