"""The files of a job's folder: its request, status, outcome and marks.

They are validated when they are read, because another studio, an editor or a damaged disk may have written
them, and an invalid one must not break the lists that show it. Unknown fields are ignored.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    StringConstraints,
    model_validator,
)

from studio.core import paths, tasks
from studio.core.errors import InvalidInput, make_printable
from studio.core.progress import Report
from studio.core.recipes import Digest, Recipe
from studio.core.settings import Settings
from studio.core.tasks import File, Lane, Result, Task

State = Literal[
    "queued", "running", "stopping", "canceling", "done", "stopped", "cancelled", "failed", "interrupted"
]
FINISHED = ("done", "stopped", "cancelled", "failed", "interrupted")
MAX_TAGS, MAX_TAG_CHARACTERS, MAX_NAME_CHARACTERS = 20, 40, 80  # of an item; boards are like tags
_MAX_TIME = 4_102_444_800.0  # the year 2100: zip files and calendars have smaller limits than JSON numbers
_MAX_FILE_NAME_CHARACTERS = 1000

Time = Annotated[float, Field(ge=0, le=_MAX_TIME, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, lt=2**63)]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Tag = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_TAG_CHARACTERS), AfterValidator(make_printable)
]
Tags = Annotated[tuple[Tag, ...], Field(max_length=MAX_TAGS, fail_fast=True)]
Name = Annotated[str, StringConstraints(max_length=_MAX_FILE_NAME_CHARACTERS)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, arbitrary_types_allowed=True)


class _Cell(_Strict):
    label: str = ""
    digest: Digest | None = None
    recipe: Recipe | None = None
    error: str | None = None


class _Figures(_Strict):
    """The figures that lists and exports read, of any task."""

    notes: Annotated[list[str], FailFast()] = []
    cells: Annotated[list[_Cell], FailFast()] = []


def _check_file(file: File) -> File:
    if not paths.DIGEST_PATTERN.fullmatch(file.digest) or len(file.name) > _MAX_FILE_NAME_CHARACTERS:
        raise ValueError("no SHA-256, or too long a name")
    return file


def _check_report(report: Report) -> Report:
    counts = (report.step, report.total, report.first_step, report.tests)
    if not all(0 <= count < 2**63 for count in counts) or not all(
        0 <= seconds < math.inf for seconds in (report.seconds, report.seconds_left or 0.0)
    ):
        raise ValueError("a count or a time is out of range")
    if report.work is not None and not 0 <= report.work <= 1:
        raise ValueError("a share is out of range")
    return report


def _check_result(result: Result) -> Result:
    """Validates the parts of `Result` that its types leave open."""
    for file in result.files:
        _check_file(file)
    lists = {name: result.figures[name] for name in _Figures.model_fields if name in result.figures}
    _Figures.model_validate_json(json.dumps(lists))
    recipe = result.recipe
    return result if recipe is None else replace(result, recipe=Recipe.model_validate(recipe))


StoredFile = Annotated[File, AfterValidator(_check_file)]
StoredReport = Annotated[Report, AfterValidator(_check_report)]
StoredResult = Annotated[Result, AfterValidator(_check_result)]


class Request(_Strict):
    """A request for a task: by a job, by a live request, or by a driver.

    Attributes:
        task, title: the task's name and its displayed noun.
        lane: where it runs; a queued task of the live lane runs in the job lane.
        settings, inputs: of the task.
        weights: SHA-256 by name of the weights to use, as in a recipe; empty for the current ones.
        owner: the owner of the result.
        created: when it was requested, in seconds since 1970.
        key: the idempotency key; "" without one.
        batch: the name of its batch; "" without one.
        expected: estimated seconds that it takes; None if unknown.
    """

    task: ShortText
    title: ShortText
    lane: Lane
    settings: dict[str, Any]
    inputs: dict[ShortText, Annotated[list[StoredFile], FailFast()]]
    weights: dict[str, Digest] = {}
    owner: ShortText
    created: Time
    key: Name = ""
    batch: Name = ""
    expected: Seconds | None = None

    @classmethod
    def of(
        cls,
        task: Task,
        settings: Settings | Mapping[str, Any],
        inputs: tasks.Inputs,
        owner: str,
        weights: Mapping[str, str] | None = None,
        **optional_fields: Any,
    ) -> Request:
        """Makes a new request from checked values; `optional_fields` are `key`, `batch` and `expected`."""
        return cls.model_construct(
            task=task.name,
            title=task.title,
            lane=task.lane,
            settings=settings.model_dump(mode="json") if isinstance(settings, Settings) else dict(settings),
            inputs={slot: list(files) for slot, files in inputs.items() if files},
            weights=dict(weights or {}),
            owner=owner,
            created=time.time(),
            **optional_fields,
        )

    def has_same_result(self, other: Request, *, ignore_seed: bool = False) -> bool:
        """Returns whether both give the same result; names of input files do not matter.

        Args:
            other: another request.
            ignore_seed: whether the seed may differ, also that of the frames of a video.
        """
        ours, theirs = (
            _drop_seed(request.settings) if ignore_seed else request.settings for request in (self, other)
        )
        return (self.task, ours, self.weights, _list_digests(self)) == (
            other.task,
            theirs,
            other.weights,
            _list_digests(other),
        )

    def check_repeats(self, earlier: Request) -> None:
        """Raises `InvalidInput` unless this repeats the earlier request with the same key."""
        if (self.task, self.settings, self.inputs) != (earlier.task, earlier.settings, earlier.inputs):
            raise InvalidInput(
                "That idempotency key was used before, for something else. "
                "Take a new key for each request, and the same one only to send it again."
            )


def _drop_seed(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns settings without their seed, and without that of the settings in them."""
    return {
        name: _drop_seed(value) if isinstance(value, dict) else value
        for name, value in settings.items()
        if name != "seed"
    }


def _list_digests(request: Request) -> dict[str, list[str]]:
    return {slot: [file.digest for file in files] for slot, files in request.inputs.items()}


class Status(_Strict):
    """The status of a job.

    Attributes:
        state: "stopping" and "canceling" until the worker is free; then "stopped" if the best result so far
            was kept, "cancelled" if not; "interrupted" if it ended without a result or an error of its own,
            and the user had not stopped it.
        started, ended: seconds since 1970.
        error: one sentence for the user, else "".
        tries: how often it began.
        turn: the sort key in the queue; usually the time of the request.
        paused: whether it waits until it is resumed; it keeps its place.
        passed: how many later jobs ran before it.
        report: the latest report, without its image.
    """

    state: State
    started: Time | None = None
    ended: Time | None = None
    error: str = ""
    tries: Count = 0
    turn: Time | None = None
    paused: bool = False
    passed: Count = 0
    report: StoredReport | None = None


_ABSENT: Any = None  # an unvalidated default; null in a file is refused as a result


class Outcome(_Strict):
    """The outcome of a request: a result or an error, and the last report."""

    result: StoredResult = _ABSENT
    error: str = ""
    cancelled: bool = False
    report: StoredReport | None = None

    @model_validator(mode="after")
    def _check_not_empty(self) -> Self:
        if not {"result", "error"} & self.model_fields_set:
            raise ValueError("neither a result nor an error")
        return self


class Marks(_Strict):
    """The owner's marks of a gallery item: a star, tags in lower case, a name, "" for none, and boards."""

    model_config = ConfigDict(frozen=True)

    starred: bool = False
    tags: Tags = ()
    name: Annotated[
        str, StringConstraints(max_length=MAX_NAME_CHARACTERS), AfterValidator(make_printable)
    ] = ""
    boards: Tags = ()


def finished_state(result: Result) -> State:
    """Returns the state of a job that has a result."""
    return "stopped" if result.stopped_early else "done"
