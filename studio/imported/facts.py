"""The report of the sandbox on an imported network."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, FailFast

from studio.imported.preprocessing import Preprocessing

_Shape = Annotated[tuple[int | None, ...], FailFast()]


class ImageInput(BaseModel):
    """The input and output of an image classifier.

    Attributes:
        height, width: in px.
        output_kind: "probabilities" that sum to 1, "logits", independent sigmoid "shares", or one "share" or
            "logit" of the second of two classes.
        preprocessing: input range, found or assumed.
        reason: why, in words; "" if it is assumed.
        flat: whether the input is a flat vector, which may be the pixels of an image, row by row.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    height: int
    width: int
    output_kind: Literal["probabilities", "logits", "shares", "share", "logit"]
    preprocessing: Preprocessing
    reason: str = ""
    flat: bool = False


class Facts(BaseModel):
    """The facts about an imported network.

    Attributes:
        image_input: None unless the network takes one image and returns one vector.
        labels: class names; () without.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    parameters: int
    inputs: Annotated[tuple[_Shape, ...], FailFast()]
    outputs: Annotated[tuple[_Shape, ...], FailFast()]
    image_input: ImageInput | None
    labels: Annotated[tuple[str, ...], FailFast()]

    @property
    def class_count(self) -> int:
        """Number of classes; a network with a single output has two."""
        if self.image_input is None:
            return 0
        count = self.outputs[0][-1] or 0
        return 2 if count == 1 else count


class Answer(BaseModel):
    """The result of a sandboxed process: the facts, or the reason for a refusal."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    facts: Facts | None = None
    reason: str | None = None
