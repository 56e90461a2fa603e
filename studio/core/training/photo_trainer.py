"""Trains a network on photos with EMA weights, tested on a few held-out photos and finally on others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, start_from
from studio.core.training.batches import Batches, split_test_rows
from studio.core.training.trainer import Trainer


class PhotoTrainer(Trainer):
    """A training run on photos. A subclass builds the `LossModel` and cuts the batches.

    Args:
        photos: `(n, side, side, C) uint8`.
        train_rows, test_rows: the rows of the training and of the test split.
        settings: of the network and the training.
        run: where checkpoints go; None saves none.
        start: the weights to start from, or None.

    Attributes:
        most_test_photos: the most photos of a test during training, and of the one at the end.
        windows_per_photo: windows cut from each photo in a batch.
        shape_settings: names of the settings that decide the shape of the network, in words.
        scores: the scores of `result`, by `measure` on photos that no test during training used.

    Raises:
        StudioError: if the weights to start from have another shape.
    """

    most_test_photos = (8, 40)
    windows_per_photo = 1
    shape_settings = "width"
    scores: Any

    def __init__(
        self,
        photos: np.ndarray,
        train_rows: np.ndarray,
        test_rows: np.ndarray,
        settings: Any,
        run: checkpoints.Run | None = None,
        start: Any = None,
    ):
        super().__init__(settings.steps, settings.test_every, run)
        self.photos, self.train_rows, self.settings = photos, train_rows, settings
        self.interim_test_rows, self.final_test_rows = split_test_rows(test_rows, *self.most_test_photos)
        with parallel.use_all_devices():
            self.learner = self.build_learner()
            if start is not None:
                with start_from.check_weight_shapes(self.shape_settings):
                    self.learner.network.set_weights(self.select_start_weights(start))
            self.learner.compile_with_schedule()
        self.batches = Batches(len(train_rows), self.windows_per_photo * settings.batch, settings.seed)
        self.track(self.learner, self.learner.network, settings.ema_steps)

    def build_learner(self) -> Any:
        """Builds a new `LossModel` with its `network`."""
        raise NotImplementedError

    def select_start_weights(self, start: Any) -> list[np.ndarray]:
        """Returns the weights to start from, in the order of the network's weights."""
        return list(start)

    def make_batch(self, step: int) -> dict[str, np.ndarray]:
        """Returns the inputs of the `LossModel` at a step: windows of photos."""
        rng = np.random.default_rng([self.settings.seed, 1, step])
        return self.cut_windows(self.draw_batch_rows(step, rng), rng)

    def draw_batch_rows(self, step: int, rng: np.random.Generator) -> np.ndarray:
        """Draws the rows of a batch, repeated if a small data set has fewer than it needs."""
        rows = self.train_rows[self.batches.select_rows(step)]
        return np.resize(rows, self.windows_per_photo * self.settings.batch)

    def cut_windows(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Returns windows of these photos, as inputs of the `LossModel`."""
        raise NotImplementedError

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Returns the metrics of the EMA weights on a few photos."""
        with self.use_ema_weights():
            return self.to_metrics(self.measure(self.interim_test_rows))

    def measure(self, rows: np.ndarray, progress: Progress | None = None) -> Any:
        """Returns the scores of the current weights on these photos."""
        raise NotImplementedError

    def to_metrics(self, scores: Any) -> Mapping[str, float]:
        """Returns the metrics for the curves, from the scores of `measure`."""
        return scores

    def select_final_weights(self) -> list[np.ndarray]:
        """Returns the weights to keep."""
        return self.ema.arrays

    def finish(self, progress: Progress) -> None:
        """Sets the EMA weights as the result and measures them on the remaining test photos."""
        self.result = self.learner.network
        self.result.set_weights(self.select_final_weights())
        if self.stop_reason != "cancelled":
            progress.report_stage("Testing on held-out photos")
        self.scores = self.measure(self.final_test_rows, progress)
