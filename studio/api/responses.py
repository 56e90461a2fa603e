"""The response bodies of the API, built from attributes of the library's objects."""

from __future__ import annotations

import math
import mimetypes
from pathlib import PurePath
from typing import Annotated, Any, Self
from urllib.parse import quote

from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, computed_field

from studio.api.problems import redact_for
from studio.core import tasks
from studio.core.files import Kind
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.engine import Job as EngineJob
from studio.engine.jobs.records import State

_DISPLAYABLE_TYPES = {"image", "video"}  # a browser may show these; other files are for download only


def to_json_data(value: Any) -> Any:
    """Converts a value to valid JSON data: NaN and infinity become null, lone surrogates are replaced."""
    if isinstance(value, dict):
        return {to_json_data(str(name)): to_json_data(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_data(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _settings_schema(settings: type[Settings]) -> dict[str, Any]:
    """Returns the JSON Schema of settings, without `local_only` ones."""
    schema = settings.model_json_schema()
    for name, field in settings.describe().items():
        if field.local_only:
            schema["properties"].pop(name)
    return schema


def _dump_recipe(recipe: Recipe | None) -> Any:
    """Returns a recipe as JSON data."""
    return None if recipe is None else to_json_data(recipe.model_dump(mode="json"))


Text = Annotated[str, BeforeValidator(to_json_data)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(lambda values: to_json_data(dict(values)))]


class Out(BaseModel):
    """A response body."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, source: object) -> Self:
        """Builds it from an object that has its fields as attributes."""
        return cls.model_validate(source)


class FileOut(Out):
    """A file in the studio; `href` is relative to api/v1/."""

    id: str = Field(validation_alias="digest")
    kind: Kind
    name: Text

    @computed_field  # type: ignore[prop-decorator]
    @property
    def href(self) -> str:
        """The path of its bytes."""
        return f"files/{self.id}?kind={self.kind}&name={quote(self.name)}"


class SlotOut(Out):
    """An input of a task; `name_setting` is the setting that takes names in place of files."""

    name: str
    kind: Kind
    min_files: int
    max_files: int
    name_setting: str


class TaskOut(Out):
    """A task; `settings` is a JSON Schema."""

    name: str
    title: str
    help: str
    command: str
    produces: Kind
    lane: str
    inputs: list[SlotOut]
    settings: Annotated[dict[str, Any], BeforeValidator(_settings_schema)]


class ResultOut(Out):
    """A result, the main file first; `recipe` repeats it."""

    files: list[FileOut]
    figures: JsonObject
    recipe: Annotated[dict[str, Any] | None, BeforeValidator(_dump_recipe)]
    stopped_early: bool


class JobOut(Out):
    """The state of a job; times are seconds since 1970.

    `place` is its place in the queue, from 1; 0 if it does not wait. `expected` is its estimated duration in
    seconds, `starts_in` the estimated seconds until it begins; null if unknown. `stop_note` describes the
    result of a stopped job.
    """

    id: str
    task: str
    title: str
    settings: JsonObject
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
    metrics: Annotated[
        dict[str, float | None], BeforeValidator(lambda values: to_json_data(dict(values)))
    ] = Field({}, validation_alias=AliasPath("report", "metrics"))
    seconds_left: float | None = Field(None, validation_alias=AliasPath("report", "seconds_left"))
    error: Text
    stop_note: str
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
    boards: list[Text]
    file: FileOut


class ItemsOut(Out):
    """A page of search results, newest first, and the total number of matches."""

    items: list[ItemOut]
    total: int


class ModelOut(Out):
    """A trained model: its name, its former names, and the task that trained it."""

    name: str
    former: list[str]
    task: str


class HealthOut(Out):
    """The status of the studio: "starting", "warming up", "ready", or "down: " and the reason."""

    status: str
    version: str


def build_job(engine_job: EngineJob, all_figures: bool = False) -> JobOut:
    """Returns a job for its owner.

    Args:
        engine_job: the job.
        all_figures: whether its figures include long lists, such as the loss of each character of a text.
    """
    job = JobOut.of(engine_job).model_copy(update={"error": redact_for(engine_job.owner, engine_job.error)})
    if job.result is None or all_figures:
        return job
    short_figures = tasks.summarize_figures(job.result.figures)
    return job.model_copy(update={"result": job.result.model_copy(update={"figures": short_figures})})


def choose_media_type(name: str) -> str:
    """Returns the media type of a file by its name, never one that a browser would run."""
    guessed_type = mimetypes.guess_type(PurePath(name).name)[0] or ""
    if guessed_type.partition("/")[0] in _DISPLAYABLE_TYPES and guessed_type != "image/svg+xml":
        return guessed_type
    by_extension = {".txt": "text/plain", ".json": "application/json", ".zip": "application/zip"}
    return by_extension.get(PurePath(name).suffix.lower(), "application/octet-stream")
