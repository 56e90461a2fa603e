"""How an image, video or text made again differs from the first, and why it may."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from studio.core.imaging import animations, image_io
from studio.core.recipes import Recipe
from studio.core.tasks import Result


@dataclass(frozen=True)
class Difference:
    """Of two images or videos, in levels of 0 to 255; None where their sizes or lengths differ.

    Attributes:
        most: the largest of any pixel.
        mean: over all pixels and channels, and all frames.
    """

    most: int | None
    mean: float | None

    @property
    def identical(self) -> bool:
        """Whether every pixel is the same."""
        return self.most == 0

    @property
    def figures(self) -> dict[str, Any]:
        """As `--json` tells them."""
        return {"identical": self.identical, "max": self.most, "mean": self.mean}

    @property
    def words(self) -> str:
        """One sentence."""
        if self.most is None:
            return "The two differ in size or length."
        return f"The largest difference is {self.most} of 255, the mean {self.mean:.4f}."


@dataclass(frozen=True)
class TextDifference:
    """Of two texts.

    Attributes:
        at: the place of the first byte that is not the same; None if all are.
    """

    at: int | None

    @property
    def identical(self) -> bool:
        """Whether they are the same."""
        return self.at is None

    @property
    def figures(self) -> dict[str, Any]:
        """As `--json` tells them."""
        return {"identical": self.identical, "at": self.at}

    @property
    def words(self) -> str:
        """One sentence."""
        return f"From byte {self.at} on the two differ."


def text_difference(original: bytes, again: bytes) -> TextDifference:
    """Compares two texts."""
    if original == again:
        return TextDifference(None)
    apart = (at for at, (one, other) in enumerate(zip(original, again, strict=False)) if one != other)
    return TextDifference(next(apart, min(len(original), len(again))))


def difference(original: np.ndarray, result: Result, suffix: str) -> Difference:
    """Compares `(H, W, 3) uint8` with a new result, after the same loss where `suffix` is a lossy format."""
    again = image_io.read(result.files[0].read())
    if suffix in (".jpg", ".jpeg", ".jfif", ".webp"):
        again = image_io.read(image_io.encode_as(again, suffix))
    if again.shape != original.shape:
        return Difference(None, None)
    apart = _apart(again, original)
    return Difference(int(apart.max()), float(apart.mean()))


def video_difference(original: bytes, result: Result) -> Difference:
    """Compares the file of a video with a new one, frame by frame unless they are the same bytes.

    Raises:
        InvalidInput: if the original cannot be read.
    """
    again = result.files[0].read()
    if again == original:
        return Difference(0, 0.0)
    most, means = 0, []
    for one, other in zip_longest(animations.frames(original), animations.frames(again)):
        if one is None or other is None or one.shape != other.shape:
            return Difference(None, None)
        apart = _apart(one, other)
        most = max(most, int(apart.max()))
        means.append(float(apart.mean()))
    return Difference(most, float(np.mean(means)))


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype("int16") - other.astype("int16"))


def reasons(then: Recipe, result: Result) -> list[str]:
    """What may explain a difference: other versions or another machine; else that the file was changed."""
    now = result.recipe
    if not isinstance(now, Recipe):
        return ["unknown"]
    found = [
        f"{name} was {before}, now {after}"
        for old, new in ((then.versions, now.versions), (then.machine, now.machine))
        for name, before, after in (
            (n, old.get(n, "absent"), new.get(n, "absent")) for n in sorted({*old, *new})
        )
        if before != after
    ]
    return found or [
        "the file was edited, the original run was stopped early, or this CPU rounds differently"
    ]
