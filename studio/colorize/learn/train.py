"""Trains a network for colorizing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from studio.colorize import bins, color_logits, lab
from studio.colorize.learn import windows
from studio.colorize.learn.learner import Learner
from studio.colorize.models import OUTPUT_STRIDE
from studio.colorize.settings import VIVIDNESS
from studio.core.imaging.grids import make_grid
from studio.core.progress import Progress
from studio.core.training.batches import select_evenly_spaced
from studio.core.training.photo_trainer import PhotoTrainer

TEST_BATCH = 16  # photos per test batch
PREVIEW_PHOTOS = 8  # photos of a preview


class Trainer(PhotoTrainer):
    """A training run on photos in color, `(n, side, side, 3) uint8`."""

    most_test_photos = (48, 400)
    loss_names = ("loss_nats",)

    def build_learner(self) -> Learner:
        """Builds an untrained network with its class-rebalanced loss."""
        self.prior = measure_prior(self.photos, self.train_rows)
        return Learner(self.settings, self.prior)

    def select_start_weights(self, start: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Returns the weights to start from, but the prior of these photos, with which the result is used."""
        network = self.learner.network
        prior = network.get_layer("prior").log
        return [
            np.log(self.prior) if variable is prior else array
            for variable, array in zip(network.weights, start, strict=True)
        ]

    def cut_windows(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Returns training crops, see `studio.colorize.learn.windows.make_batch`."""
        return windows.make_batch(self.photos, rows, self.settings.window, self.settings.hinted, rng)

    def to_metrics(self, scores: Mapping[str, float]) -> Mapping[str, float]:
        """Returns the error relative to gray."""
        return {"error over gray's": scores["error"] / scores["gray_error"]}

    def measure(self, rows: np.ndarray, progress: Progress | None = None) -> dict[str, float]:
        """Returns mean distances of a* and b* from the photos': "error"; "pale_error" at vividness 0;
        "gray_error" of gray photos."""
        sums = np.zeros(3)
        for start in range(0, len(rows), TEST_BATCH):
            logits, truth = self._predict(rows[start : start + TEST_BATCH])
            for n, colors in enumerate((self._choose_colors(logits), self._choose_colors(logits, 0.0), 0)):
                sums[n] += np.linalg.norm(colors - truth, axis=-1).mean(axis=(1, 2)).sum()
        return dict(zip(("error", "pale_error", "gray_error"), map(float, sums / len(rows)), strict=True))

    def _predict(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predicts logits and returns true a*, b*: `(n, side / 4, side / 4, bins)` and `(..., 2)`."""
        network_inputs, truth = windows.prepare_photos(self.photos[rows])
        return np.asarray(self.learner.get_whole_network().predict_on_batch(network_inputs)), truth

    def _choose_colors(self, logits: np.ndarray, vividness: float = VIVIDNESS) -> np.ndarray:
        rebalanced = color_logits.rebalance(logits, self.prior, self.settings.rebalance, vividness)
        return color_logits.annealed_mean(rebalanced)

    def draw_sheet(self) -> np.ndarray:
        """Returns held-out photos in gray, colorized and original, in rows, `(H, W, 3) uint8`."""
        rows = select_evenly_spaced(self.interim_test_rows, PREVIEW_PHOTOS)
        photos = self.photos[rows]
        coarse = self._choose_colors(self._predict(rows)[0])
        lightness = lab.from_rgb(photos)[..., :1]
        colors = coarse.repeat(OUTPUT_STRIDE, axis=1).repeat(OUTPUT_STRIDE, axis=2)
        images = [
            lab.to_levels(lab.to_linear(np.concatenate([lightness, n * colors], axis=-1))) for n in (0, 1)
        ]
        return make_grid(np.concatenate([*images, photos]), columns=len(photos), gap=0)


def measure_prior(photos: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns the frequencies of colors in photos, `(bins,) float32`, positive, sum 1."""
    total = np.zeros(len(bins.centers()))
    for start in range(0, len(rows), TEST_BATCH):
        _, colors = windows.prepare_photos(photos[rows[start : start + TEST_BATCH]])
        total += bins.soft_encode(colors).sum(axis=(0, 1, 2))
    total += 1e-4 * total.mean()
    return np.asarray(total / total.sum(), "float32")
