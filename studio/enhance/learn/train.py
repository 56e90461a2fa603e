"""The base of training for upscaling and denoising."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studio.core.imaging.grids import make_grid
from studio.core.training.photo_trainer import PhotoTrainer
from studio.enhance.learn.learner import Learner
from studio.enhance.settings import TrainEnhanceSettings

PREVIEW_PHOTOS = 4  # photos of a preview


class Trainer(PhotoTrainer):
    """A training run. Subclasses define losses, batches and tests.

    Photos are `(n, side, side, channels) uint8`; one channel is lightness.
    """

    channels = 3  # of photos
    learner_class: type[Any]  # a subclass of `Learner`
    shape_settings = "width and blocks"
    settings: TrainEnhanceSettings

    def build_learner(self) -> Learner:
        """Builds an untrained network with its losses."""
        return self.learner_class(self.settings)

    def draw_batch_rows(self, step: int, rng: np.random.Generator) -> np.ndarray:
        """Returns the photos of a step in random order: the scales share them out."""
        rows = rng.permutation(self.train_rows[self.batches.select_rows(step)])
        return np.resize(rows, self.windows_per_photo * self.settings.batch)


def compute_gains(scores: Mapping[str, float], before: str) -> dict[str, float]:
    """Returns the PSNR gains over a baseline in dB: "psnr_x2" minus "bicubic_x2" is "gain x2"."""
    named = {name.removeprefix("psnr_"): value for name, value in scores.items() if name.startswith("psnr_")}
    return {f"gain {name}": value - scores[f"{before}_{name}"] for name, value in named.items()}


def tile_rows(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Tiles rows of `(n, h, w)` or `(n, h, w, 3)` images, 0 to 255, into `(H, W, 3) uint8`."""
    levels = np.rint(np.concatenate(rows)).clip(0, 255).astype("uint8")
    return make_grid(levels if levels.ndim == 4 else levels[..., None], columns=len(rows[0]), gap=0)
