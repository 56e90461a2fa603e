"""How a picture made again differs from the first, and why it may."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.core import images
from studio.core.recipes import Recipe
from studio.core.tasks import Result


@dataclass(frozen=True)
class Difference:
    """Of two pictures, in levels of 0 to 255; None where their sizes differ.

    Attributes:
        most: the largest of any pixel.
        mean: over all pixels and channels.
    """

    most: int | None
    mean: float | None

    @property
    def identical(self) -> bool:
        """Whether every pixel is the same."""
        return self.most == 0

    @property
    def words(self) -> str:
        """One sentence."""
        if self.most is None:
            return "The two have different sizes."
        return f"The largest difference is {self.most} of 255, the mean {self.mean:.4f}."


def difference(original: np.ndarray, result: Result, suffix: str) -> Difference:
    """Compares `(H, W, 3) uint8` with a new result, after the same loss where `suffix` is a lossy format."""
    again = images.read(result.files[0].read())
    if suffix in (".jpg", ".jpeg", ".webp"):
        again = images.read(images.encode_as(again, suffix))
    if again.shape != original.shape:
        return Difference(None, None)
    apart = np.abs(again.astype("int16") - original.astype("int16"))
    return Difference(int(apart.max()), float(apart.mean()))


def reasons(then: Recipe, result: Result) -> list[str]:
    """What may explain a difference: other versions or another machine; else that the file was changed."""
    now = result.recipe
    if not isinstance(now, Recipe):
        return ["not known"]
    found = [
        f"{name} was {before}, now {after}"
        for old, new in ((then.versions, now.versions), (then.machine, now.machine))
        for name, before, after in (
            (n, old.get(n, "absent"), new.get(n, "absent")) for n in sorted({*old, *new})
        )
        if before != after
    ]
    return found or [
        "the file was edited, its making was stopped early, or another processor rounds otherwise"
    ]
