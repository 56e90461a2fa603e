"""What the sandbox reports about an imported network."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from studio.imported.preprocessing import Preprocessing


class ImageInput(BaseModel):
    """How a network takes an image, and answers.

    Attributes:
        height, width: in px.
        answers: "probabilities" of sum 1, "logits", independent "shares", or one "share" or "logit" of a
            second class.
        preprocessing: what its input range is, or is assumed to be.
        reason: of that, in words; "" where it is assumed.
        flat: whether it takes a row of numbers, which may be the pixels of an image, row by row.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    height: int
    width: int
    answers: Literal["probabilities", "logits", "shares", "share", "logit"]
    preprocessing: Preprocessing
    reason: str = ""
    flat: bool = False


class Facts(BaseModel):
    """An imported network, as the sandbox reports it.

    Attributes:
        image_input: None if it takes something else than one image, or gives something else than one row.
        labels: of its classes; () where it has none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    parameters: int
    inputs: tuple[tuple[int | None, ...], ...]
    outputs: tuple[tuple[int | None, ...], ...]
    image_input: ImageInput | None
    labels: tuple[str, ...]

    @property
    def classes(self) -> int:
        """How many classes it has; a network with one output tells two apart."""
        if self.image_input is None:
            return 0
        count = self.outputs[0][-1] or 0
        return 2 if count == 1 else count


class Answer(BaseModel):
    """What a process of the sandbox leaves: the facts, or why it refused the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    facts: Facts | None = None
    refused: str | None = None
