"""Losses of a network of house styles on held-out photos, with standard errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

INTERIM_PHOTOS = 4  # photos for each validation during training, in every style
FINAL_PHOTOS = 16  # other photos, for the final test


@dataclass(frozen=True)
class HeldOutLosses:
    """Losses on held-out photos.

    Attributes:
        by_photo: losses of each photo, means over the styles, by name: "style", "content" and "total", the
            weighted training loss.
    """

    by_photo: tuple[Mapping[str, float], ...]

    def mean(self, name: str) -> float:
        """Returns the mean of a loss over the photos."""
        return float(np.mean([values[name] for values in self.by_photo]))

    def error(self, name: str) -> float:
        """Returns the standard error of the mean loss over the photos, 0 for a single photo.

        Styles share the photos, so they do not count as samples.
        """
        losses = [values[name] for values in self.by_photo]
        return float(np.std(losses, ddof=1) / len(losses) ** 0.5) if len(losses) > 1 else 0.0

    def to_figures(self) -> dict[str, float]:
        """Returns all means and errors by name, as stored in a model's settings.json."""
        figures: dict[str, float] = {"tested_photos": len(self.by_photo)}
        for name in ("style", "content", "total"):
            figures[f"held_out_{name}"] = self.mean(name)
            figures[f"held_out_{name}_error"] = self.error(name)
        return figures
