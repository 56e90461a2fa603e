"""The request bodies of the API."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field, model_validator

from studio.core.untrusted.few_items import at_most
from studio.engine.jobs.records import MAX_TAGS

DIGEST = "^[0-9a-f]{64}$"
_MAX_SLOTS = 20  # more than any task has
_MAX_FILES = 2000  # in one slot; `batches` and the tasks accept fewer
ShortText = Annotated[str, Field(max_length=200)]


class _RequestModel(BaseModel):
    """A request body; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _drop_unknown_fields(cls, body: Any) -> Any:
        """Drops unknown fields after the first, which is refused: pydantic would keep an error of each."""
        if not isinstance(body, dict) or len(body) <= len(cls.model_fields):
            return body
        unknown_name = next(name for name in body if name not in cls.model_fields)
        return {
            name: value for name, value in body.items() if name in cls.model_fields or name == unknown_name
        }


class FileRef(_RequestModel):
    """A file in the studio; the names of results derive from its name."""

    model_config = ConfigDict(frozen=True)  # hashable

    id: str = Field(pattern=DIGEST)
    name: str = Field("", max_length=200)


class TaskRequest(_RequestModel):
    """A task, its settings, and its inputs by slot."""

    task: str = Field(max_length=100, examples=["style.transfer"])
    settings: dict[str, Any] = Field({}, description="Settings that differ from the defaults.")
    inputs: Annotated[
        dict[ShortText, Annotated[list[ShortText | FileRef], FailFast(), Field(max_length=_MAX_FILES)]],
        at_most(_MAX_SLOTS),
    ] = Field(
        {},
        description="The files of each slot: the id of an upload or of a result, `sample:NAME`, the name of "
        "a model, or `SETTING:NAME` where the slot takes names in place of files.",
        examples=[{"content": ["sample:chelsea"], "style": ["house:mosaic"]}],
    )


class JobRequest(TaskRequest):
    """A job, optionally as part of a batch."""

    batch: str = Field(
        "",
        pattern="^[A-Za-z0-9._-]{0,100}$",
        description="A name of your choice; jobs of the same batch share one place in the queue.",
    )


class BatchRequest(JobRequest):
    """A task for each of several images, listed in its first input; the rest is shared.

    Without a `batch` name, one is generated.
    """


class Move(_RequestModel):
    """The new place of a waiting job."""

    to: str = Field(
        "front",
        max_length=100,
        description="front, up (by one), or the id of the waiting job to run it before.",
    )


class MarksIn(_RequestModel):
    """Changes to the marks of a gallery item; null leaves a field unchanged."""

    starred: bool | None = None
    tags: list[ShortText] | None = Field(
        None,
        max_length=MAX_TAGS,
        fail_fast=True,
        description="All tags of the item; they replace its present ones.",
    )
    boards: list[ShortText] | None = Field(
        None,
        max_length=MAX_TAGS,
        fail_fast=True,
        description="All boards that the item is on; they replace its present ones.",
    )
    name: ShortText | None = Field(None, description='"" restores the default name.')


class BoardIn(_RequestModel):
    """The new name of a board."""

    name: ShortText


class ModelIn(_RequestModel):
    """The new name of a model."""

    name: str = Field(max_length=200)
