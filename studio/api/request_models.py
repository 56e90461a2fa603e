"""The request bodies of the API."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

DIGEST = "^[0-9a-f]{64}$"
ShortText = Annotated[str, Field(max_length=200)]


class _RequestModel(BaseModel):
    """A request body; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class FileRef(_RequestModel):
    """A file in the studio, with the name that names of results are derived from."""

    id: str = Field(pattern=DIGEST)
    name: str = Field("", max_length=200)


class TaskRequest(_RequestModel):
    """A task, its settings, and its inputs by slot."""

    task: str = Field(max_length=100, examples=["style.transfer"])
    settings: dict[str, Any] = Field({}, description="Those that shall differ from the defaults.")
    inputs: dict[ShortText, list[ShortText | FileRef]] = Field(
        {},
        description="Of each slot its files: the id of an upload or of a result, `sample:NAME`, the name of "
        "a model, or `SETTING:NAME` where the slot takes names in place of files.",
        examples=[{"content": ["sample:chelsea"], "style": ["house:mosaic"]}],
    )


class JobRequest(TaskRequest):
    """A job, optionally as part of a batch."""

    batch: str = Field(
        "",
        pattern="^[A-Za-z0-9._-]{0,100}$",
        description="A name of your choice: jobs of one name have one place in the order.",
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
        description="front, up (by one), or the id of the waiting job before which it shall run.",
    )


class MarksIn(_RequestModel):
    """Changes to the marks of a gallery item; null leaves a field unchanged."""

    starred: bool | None = None
    tags: list[ShortText] | None = Field(None, description="All that it shall have, instead of those it has.")
    name: ShortText | None = Field(None, description='"" for the one that the studio gives.')


class ModelIn(_RequestModel):
    """The new name of a model."""

    name: str = Field(max_length=200)
