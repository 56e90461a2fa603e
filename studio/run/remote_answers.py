"""What another studio may answer: validated before anything else, because any server can answer."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from studio.core.files import Kind
from studio.core.weights.index import Sha256

_MOST_FILES = 10_000  # of one result
_Name = Annotated[str, Field(max_length=1000)]


class _Answer(BaseModel):
    """A part of an answer; what a later version adds is ignored."""

    model_config = ConfigDict(frozen=True)


class Health(_Answer):
    """How a studio is. The version comes first: one of another version may answer otherwise."""

    version: str | None = None
    status: str = ""


class Model(_Answer):
    """A trained model, with the names that it had before."""

    name: _Name
    former: list[_Name]


class Uploaded(_Answer):
    """A file that the other studio has kept."""

    id: Sha256


class RemoteFile(_Answer):
    """A file of a result; its SHA-256 becomes a path here."""

    id: Sha256
    kind: Kind
    name: _Name


class RemoteResult(_Answer):
    """What a job made."""

    files: Annotated[list[RemoteFile], Field(min_length=1, max_length=_MOST_FILES)]
    figures: dict[str, Any]
    recipe: dict[str, Any] | None
    stopped_early: bool


class RemoteJob(_Answer):
    """A job as it stands."""

    id: Annotated[str, Field(pattern=r"^[\w-]{1,100}$")]
    state: str
    finished: bool
    place: int
    step: int
    total: int
    text: str
    metrics: dict[str, float | None]
    error: str
    result: RemoteResult | None


HEALTH, MODELS = TypeAdapter(Health), TypeAdapter(list[Model])
UPLOADED, JOB = TypeAdapter(Uploaded), TypeAdapter(RemoteJob)
