"""What a network of house styles loses on photos that it has not learned from, with how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

ON_THE_WAY = 4  # photos, each in every style: enough to see how a training run goes
AT_THE_END = 16  # others


@dataclass(frozen=True)
class HeldOut:
    """Losses on held-out photos.

    Attributes:
        photos: of each photo the losses by name: "style", "content" and "total", the weighted sum that is
            learned, each a mean over the styles.
    """

    photos: tuple[Mapping[str, float], ...]

    def mean(self, name: str) -> float:
        """The mean of a loss over the photos."""
        return float(np.mean([one[name] for one in self.photos]))

    def error(self, name: str) -> float:
        """The standard error of that mean, 0 for a single photo: the styles share their photos, so that only
        photos count."""
        numbers = [one[name] for one in self.photos]
        return float(np.std(numbers, ddof=1) / len(numbers) ** 0.5) if len(numbers) > 1 else 0.0

    def figures(self) -> dict[str, float]:
        """All of it by name, as a model's settings.json holds it."""
        found: dict[str, float] = {"tested_photos": len(self.photos)}
        for name in ("style", "content", "total"):
            found[f"held_out_{name}"] = self.mean(name)
            found[f"held_out_{name}_error"] = self.error(name)
        return found
