"""What the files of a job's folder may hold, checked once, as they are read; then nobody asks again.

They are a person's files: another studio, another hand or a damaged disk may have written them, and one that
is odd must not take along the lists in which it stands. More than is known here may be in them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import from_json

from studio.core import paths
from studio.core.recipes import Digest, Recipe
from studio.core.tasks import Kind, Lane
from studio.engine.jobs.snapshots import State

MOST_BYTES = 64 * 10**6
MOST_TAGS, MOST_TAG, MOST_NAME = 20, 40, 80  # of an item: how many tags; characters of each, of its name
_LATEST = 4_102_444_800.0  # the year 2100: zip files and calendars end before what JSON can write

Time = Annotated[float, Field(ge=0, le=_LATEST, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=MOST_TAG)]
Name = Annotated[str, StringConstraints(max_length=1000)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True)


class _File(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    digest: Digest
    kind: Kind
    name: Name


class _Asked(_Strict):
    task: Word
    title: Word
    lane: Lane
    settings: dict[str, Any]
    inputs: dict[Word, list[_File]]
    weights: dict[str, Digest] = {}
    owner: Word
    created: Time
    key: Name = ""
    batch: Name = ""
    expected: Seconds | None = None


class _Report(_Strict):
    step: Count
    total: Count
    metrics: dict[str, float] = {}
    text: str = ""
    seconds: Seconds = 0.0
    began: Count = 0
    tests: Count = 0


class _Stands(_Strict):
    state: State
    started: Time | None = None
    ended: Time | None = None
    error: str = ""
    tries: Count = 0
    turn: Time | None = None
    paused: bool = False
    passed: Count = 0
    report: _Report | None = None


class _Cell(_Strict):
    label: str = ""
    digest: Digest | None = None
    recipe: Recipe | None = None
    error: str | None = None


class _Figures(_Strict):
    """Those that lists and exports read, whatever made them."""

    notes: list[str] = []
    cells: list[_Cell] = []


class _Result(_Strict):
    files: list[_File]
    figures: _Figures
    recipe: Recipe | None
    stopped_early: bool


class _Marks(_Strict):
    starred: bool = False
    tags: list[Tag] = Field([], max_length=MOST_TAGS)
    name: Annotated[str, StringConstraints(max_length=MOST_NAME)] = ""


_ABSENT: Any = None  # which is not looked at; null, where it stands in the file, is no result


class _Came(_Strict):
    result: _Result = _ABSENT
    error: str = ""
    cancelled: bool = False
    report: _Report | None = None


_MODELS: dict[str, type[BaseModel]] = {"job": _Asked, "state": _Stands, "outcome": _Came, "marks": _Marks}
Part = Literal["job", "state", "outcome", "marks"]


class Odd(ValueError):
    """A file of a job's folder holds what the studio does not write."""


def read(path: Path, part: Part) -> dict[str, Any]:
    """What a file says, as JSON has it.

    Raises:
        OSError: if there is none, or it is no file.
        Odd: if it holds anything else.
    """
    data = _bytes(path)
    found = _object(path, data)
    try:
        _MODELS[part].model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise Odd(f"{path.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if part == "outcome" and not {"result", "error"} & found.keys():
        raise Odd(f"{path.name}: neither a result nor an error")
    return found


def guessed(path: Path) -> dict[str, Any]:
    """The object in a file, whatever else it says: nothing in it can be relied on. Raises as `read`."""
    return _object(path, _bytes(path))


def _bytes(path: Path) -> bytes:
    try:
        return paths.read(path, MOST_BYTES)
    except paths.TooLarge:
        raise Odd(f"{path.name}: too large") from None


def _object(path: Path, data: bytes) -> dict[str, Any]:
    try:
        found = from_json(data)  # which takes no more than 200 levels, and no text that is no UTF-8
    except ValueError as error:
        raise Odd(f"{path.name}: {error}") from None
    if not isinstance(found, dict):
        raise Odd(f"{path.name}: no object")
    return found
