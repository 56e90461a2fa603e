"""Differences between a replayed image, video or text and the original, and possible reasons."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from studio.core.imaging import image_io, video_decoder
from studio.core.recipes import Recipe
from studio.core.tasks import Result


@dataclass(frozen=True)
class Difference:
    """The absolute difference of two images or videos, 0 to 255; None if their sizes or lengths differ.

    Attributes:
        maximum: maximum over all pixels.
        mean: mean over all pixels, channels and frames.
    """

    maximum: int | None
    mean: float | None

    @property
    def is_identical(self) -> bool:
        """Returns whether all pixels are equal."""
        return self.maximum == 0

    @property
    def figures(self) -> dict[str, Any]:
        """Returns the figures for `--json`."""
        return {"identical": self.is_identical, "max": self.maximum, "mean": self.mean}

    @property
    def sentence(self) -> str:
        """Returns the difference as a sentence."""
        if self.maximum is None:
            return "The two differ in size or length."
        return f"The largest difference is {self.maximum} of 255, the mean {self.mean:.4f}."


@dataclass(frozen=True)
class TextDifference:
    """The difference of two texts.

    Attributes:
        first_difference: position of the first byte that differs; None if they are identical.
    """

    first_difference: int | None

    @property
    def is_identical(self) -> bool:
        """Returns whether the texts are identical."""
        return self.first_difference is None

    @property
    def figures(self) -> dict[str, Any]:
        """Returns the figures for `--json`."""
        return {"identical": self.is_identical, "at": self.first_difference}

    @property
    def sentence(self) -> str:
        """Returns the difference as a sentence."""
        return f"From byte {self.first_difference} on the two differ."


def compare_texts(original: bytes, replayed: bytes) -> TextDifference:
    """Returns where two texts in UTF-8 first differ."""
    if original == replayed:
        return TextDifference(None)
    pairs = enumerate(zip(original, replayed, strict=False))
    differing_indexes = (index for index, (old, new) in pairs if old != new)
    return TextDifference(next(differing_indexes, min(len(original), len(replayed))))


def compare_images(original: np.ndarray, result: Result, suffix: str) -> Difference:
    """Compares `(H, W, 3) uint8` with a new result, which is encoded first if `suffix` is a lossy format."""
    replayed = image_io.read(result.files[0].read())
    if suffix in (".jpg", ".jpeg", ".jfif", ".webp"):
        replayed = image_io.read(image_io.encode_as(replayed, suffix))
    if replayed.shape != original.shape:
        return Difference(None, None)
    differences = _absolute_difference(replayed, original)
    return Difference(int(differences.max()), float(differences.mean()))


def compare_videos(original: bytes, result: Result) -> Difference:
    """Compares the file of a video with a new one, frame by frame unless their bytes are equal.

    Raises:
        InvalidInput: if the original cannot be read.
    """
    replayed = result.files[0].read()
    if replayed == original:
        return Difference(0, 0.0)
    most, means = 0, []
    for first, second in zip_longest(video_decoder.decode(original), video_decoder.decode(replayed)):
        if first is None or second is None or first.shape != second.shape:
            return Difference(None, None)
        differences = _absolute_difference(first, second)
        most = max(most, int(differences.max()))
        means.append(float(differences.mean()))
    return Difference(most, float(np.mean(means)))


def _absolute_difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.abs(first.astype("int16") - second.astype("int16"))


def find_reasons(original: Recipe, result: Result) -> list[str]:
    """Returns possible reasons of a difference: changed versions or another machine, or else other ones."""
    replayed_recipe = result.recipe
    if not isinstance(replayed_recipe, Recipe):
        return ["unknown"]
    changes = [
        f"{name} was {before}, now {after}"
        for old, new in (
            (original.versions, replayed_recipe.versions),
            (original.machine, replayed_recipe.machine),
        )
        for name, before, after in (
            (n, old.get(n, "absent"), new.get(n, "absent")) for n in sorted({*old, *new})
        )
        if before != after
    ]
    return changes or [
        "the file was edited, the original run was stopped early, or this CPU rounds differently"
    ]
