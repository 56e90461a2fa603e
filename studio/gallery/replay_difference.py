"""Differences between a replayed image, video or text and the original, and possible reasons."""

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
    """The absolute difference of two images or videos, 0 to 255; None if their sizes or lengths differ.

    Attributes:
        most: maximum over all pixels.
        mean: mean over all pixels, channels and frames.
    """

    most: int | None
    mean: float | None

    @property
    def identical(self) -> bool:
        """Returns whether all pixels are equal."""
        return self.most == 0

    @property
    def figures(self) -> dict[str, Any]:
        """Returns the figures for `--json`."""
        return {"identical": self.identical, "max": self.most, "mean": self.mean}

    @property
    def words(self) -> str:
        """Returns the difference as a sentence."""
        if self.most is None:
            return "The two differ in size or length."
        return f"The largest difference is {self.most} of 255, the mean {self.mean:.4f}."


@dataclass(frozen=True)
class TextDifference:
    """The difference of two texts.

    Attributes:
        at: position of the first byte that differs; None if they are identical.
    """

    at: int | None

    @property
    def identical(self) -> bool:
        """Returns whether the texts are identical."""
        return self.at is None

    @property
    def figures(self) -> dict[str, Any]:
        """Returns the figures for `--json`."""
        return {"identical": self.identical, "at": self.at}

    @property
    def words(self) -> str:
        """Returns the difference as a sentence."""
        return f"From byte {self.at} on the two differ."


def text_difference(original: bytes, repeated: bytes) -> TextDifference:
    """Compares two texts."""
    if original == repeated:
        return TextDifference(None)
    pairs = enumerate(zip(original, repeated, strict=False))
    differing = (at for at, (old, new) in pairs if old != new)
    return TextDifference(next(differing, min(len(original), len(repeated))))


def difference(original: np.ndarray, result: Result, suffix: str) -> Difference:
    """Compares `(H, W, 3) uint8` with a new result, which is encoded first if `suffix` is a lossy format."""
    repeated = image_io.read(result.files[0].read())
    if suffix in (".jpg", ".jpeg", ".jfif", ".webp"):
        repeated = image_io.read(image_io.encode_as(repeated, suffix))
    if repeated.shape != original.shape:
        return Difference(None, None)
    differences = _absolute_difference(repeated, original)
    return Difference(int(differences.max()), float(differences.mean()))


def video_difference(original: bytes, result: Result) -> Difference:
    """Compares the file of a video with a new one, frame by frame unless their bytes are equal.

    Raises:
        InvalidInput: if the original cannot be read.
    """
    repeated = result.files[0].read()
    if repeated == original:
        return Difference(0, 0.0)
    most, means = 0, []
    for first, second in zip_longest(animations.decode(original), animations.decode(repeated)):
        if first is None or second is None or first.shape != second.shape:
            return Difference(None, None)
        differences = _absolute_difference(first, second)
        most = max(most, int(differences.max()))
        means.append(float(differences.mean()))
    return Difference(most, float(np.mean(means)))


def _absolute_difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.abs(first.astype("int16") - second.astype("int16"))


def reasons(original: Recipe, result: Result) -> list[str]:
    """Returns possible reasons of a difference: changed versions or another machine, or else other ones."""
    now = result.recipe
    if not isinstance(now, Recipe):
        return ["unknown"]
    changes = [
        f"{name} was {before}, now {after}"
        for old, new in ((original.versions, now.versions), (original.machine, now.machine))
        for name, before, after in (
            (n, old.get(n, "absent"), new.get(n, "absent")) for n in sorted({*old, *new})
        )
        if before != after
    ]
    return changes or [
        "the file was edited, the original run was stopped early, or this CPU rounds differently"
    ]
