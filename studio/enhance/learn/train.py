"""Training a network of Enhance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studio.core.training.photo_trainer import PhotoTrainer
from studio.enhance.learn.learner import Learner
from studio.enhance.settings import TrainEnhanceSettings

SHOWN = 4  # photos of a preview


class Trainer(PhotoTrainer):
    """A training run. A subclass says what its losses are, what it learns from and how it is tested.

    Photos are `(n, side, side, channels) uint8`; one channel is lightness.
    """

    channels = 3  # of photos
    losses: type[Any]  # of `Learner`
    shape = "width and blocks"
    settings: TrainEnhanceSettings

    def build(self) -> Learner:
        """A fresh network with its losses."""
        return self.losses(self.settings)

    def batch_rows(self, step: int, rng: np.random.Generator) -> np.ndarray:
        """Which photos it learns from, in any order: the scales take them in turn."""
        rows = rng.permutation(self.rows[self.batches.at(step)])
        return np.resize(rows, self.windows * self.settings.batch)


def gains(scores: Mapping[str, float], before: str) -> dict[str, float]:
    """Gains in PSNR, dB, over the images before: "psnr_x2" less "bicubic_x2" is "gain x2"."""
    named = {name.removeprefix("psnr_"): value for name, value in scores.items() if name.startswith("psnr_")}
    return {f"gain {name}": value - scores[f"{before}_{name}"] for name, value in named.items()}


def sheet(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of images below each other: `(n, h, w)` or `(n, h, w, 3)` each, 0 to 255 -> `(H, W, 3) uint8`."""
    whole = np.concatenate([np.concatenate(list(images), axis=1) for images in rows])
    levels = np.rint(whole).clip(0, 255).astype("uint8")
    return levels if levels.ndim == 3 else np.repeat(levels[..., None], 3, axis=2)
