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
        tests: the most photos of a test during training, and of the one at the end.
        windows: windows cut from each photo in a batch.
        shape: names of the settings that decide the shape of the network, in words.
        scores: the scores of `result`, by `measure` on photos that no test during training used.

    Raises:
        StudioError: if the weights to start from have another shape.
    """

    tests = (8, 40)
    windows = 1
    shape = "width"
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
        self.photos, self.rows, self.settings = photos, train_rows, settings
        self.few_rows, self.end_rows = split_test_rows(test_rows, *self.tests)
        with parallel.on_all_devices():
            self.learner = self.build()
            if start is not None:
                with start_from.check_weight_shapes(self.shape):
                    self.learner.network.set_weights(self.start_weights(start))
            self.learner.start()
        self.batches = Batches(len(train_rows), self.windows * settings.batch, settings.seed)
        self.track(self.learner, self.learner.network, settings.ema_steps)

    def build(self) -> Any:
        """Builds a new `LossModel` with its `network`."""
        raise NotImplementedError

    def start_weights(self, start: Any) -> list[np.ndarray]:
        """Returns the weights to start from, in the order of the network's weights."""
        return list(start)

    def batch(self, step: int) -> dict[str, np.ndarray]:
        """Returns the inputs of the `LossModel` at a step: windows of photos."""
        rng = np.random.default_rng([self.settings.seed, 1, step])
        return self.cut(self.batch_rows(step, rng), rng)

    def batch_rows(self, step: int, rng: np.random.Generator) -> np.ndarray:
        """Returns the rows of a batch, repeated if a small data set has fewer than it needs."""
        return np.resize(self.rows[self.batches.at(step)], self.windows * self.settings.batch)

    def cut(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Returns windows of these photos, as inputs of the `LossModel`."""
        raise NotImplementedError

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Returns the metrics of the EMA weights on a few photos."""
        with self.ema_weights():
            return self.metrics(self.measure(self.few_rows))

    def measure(self, rows: np.ndarray, progress: Progress | None = None) -> Any:
        """Returns the scores of the current weights on these photos."""
        raise NotImplementedError

    def metrics(self, scores: Any) -> Mapping[str, float]:
        """Returns the metrics for the curves, from the scores of `measure`."""
        return scores

    def final_weights(self) -> list[np.ndarray]:
        """Returns the weights to keep."""
        return self.ema.arrays

    def finish(self, progress: Progress) -> None:
        """Sets the EMA weights as the result and measures them on the remaining test photos."""
        self.result = self.learner.network
        self.result.set_weights(self.final_weights())
        if self.ended != "cancelled":
            progress.stage("Testing on held-out photos")
        self.scores = self.measure(self.end_rows, progress)
