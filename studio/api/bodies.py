"""What is sent, as OpenAPI tells it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

DIGEST = "^[0-9a-f]{64}$"
Word = Annotated[str, Field(max_length=200)]


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
    inputs: dict[Word, list[Word | Named]] = Field(
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


class AskedBatch(AskedJob):
    """A task for each of several images: its first input lists them; all else is the same for all.

    Without a name of your choice the batch gets one.
    """


class Move(In):
    """Where a waiting job shall go."""

    to: str = Field(
        "front",
        max_length=100,
        description="front, up (by one), or the id of the waiting job before which it shall run.",
    )


class MarksIn(In):
    """What shall be changed of an item's marks; null leaves it as it is."""

    starred: bool | None = None
    tags: list[Word] | None = Field(None, description="All that it shall have, instead of those it has.")
    name: Word | None = Field(None, description='"" for the one that the studio gives.')


class ModelIn(In):
    """What a kept model shall be called."""

    name: str = Field(max_length=200)
