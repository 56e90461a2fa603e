"""Training a network on photos: EMA weights, tested on a few held-out photos, at the end on others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, start_from
from studio.core.training.batches import Batches, split_tests
from studio.core.training.trainer import Trainer


class PhotoTrainer(Trainer):
    """A training run on photos. A subclass builds the `LossModel`, and says what it learns from.

    Args:
        photos: `(n, side, side, C) uint8`.
        train_rows, test_rows: the rows to learn from and to test on.
        settings: of the network and the training.
        run: where checkpoints go.
        start: the weights to start from.

    Attributes:
        tests: the most photos of a test on the way, and of the one at the end.
        windows: of each photo in a batch.
        shape: settings that decide on the shape of the network, in words.
        scores: of `result`, by `measure` on photos that no test on the way saw.

    Raises:
        StudioError: if the weights to start from are of another shape.
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
        self.few_rows, self.end_rows = split_tests(test_rows, *self.tests)
        with parallel.on_all_devices():
            self.learner = self.build()
            if start is not None:
                with start_from.of_its_shape(self.shape):
                    self.learner.network.set_weights(self.start_weights(start))
            self.learner.start()
        self.batches = Batches(len(train_rows), self.windows * settings.batch, settings.seed)
        self.track(self.learner, self.learner.network, settings.ema_steps)

    def build(self) -> Any:
        """A fresh `LossModel` with its `network`."""
        raise NotImplementedError

    def start_weights(self, start: Any) -> list[np.ndarray]:
        """The weights to start from, as the network takes them."""
        return list(start)

    def batch(self, step: int) -> dict[str, np.ndarray]:
        """What the `LossModel` takes at a step: windows of photos."""
        rng = np.random.default_rng([self.settings.seed, 1, step])
        return self.cut(self.batch_rows(step, rng), rng)

    def batch_rows(self, step: int, rng: np.random.Generator) -> np.ndarray:
        """Which photos it learns from; a small data set has fewer than a batch needs."""
        return np.resize(self.rows[self.batches.at(step)], self.windows * self.settings.batch)

    def cut(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Windows of these photos, as the `LossModel` takes them."""
        raise NotImplementedError

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Metrics of the EMA weights on a few photos."""
        with self.averaged():
            return self.metrics(self.measure(self.few_rows))

    def measure(self, rows: np.ndarray, progress: Progress | None = None) -> Any:
        """Scores of the current weights on these photos."""
        raise NotImplementedError

    def metrics(self, scores: Any) -> Mapping[str, float]:
        """The curves of what `measure` gave."""
        return scores

    def final_weights(self) -> list[np.ndarray]:
        """The weights to keep."""
        return self.ema.arrays

    def finish(self, progress: Progress) -> None:
        """Takes the EMA weights, and measures them."""
        self.result = self.learner.network
        self.result.set_weights(self.final_weights())
        if self.ended != "cancelled":
            progress.stage("Testing on held-out photos")
        self.scores = self.measure(self.end_rows, progress)
