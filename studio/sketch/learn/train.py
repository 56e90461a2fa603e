"""Trains a U-Net; tests its EMA weights on held-out pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from studio.core.imaging.grids import make_grid
from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, start_from
from studio.core.training.batches import Batches
from studio.core.training.trainer import Trainer as BaseTrainer
from studio.sketch.learn.learner import make_learner
from studio.sketch.network import build_generator
from studio.sketch.settings import UNetSettings

PREVIEW_PAIRS = 8  # pairs of a preview


class Pairs(Protocol):
    """The training data."""

    def __len__(self) -> int: ...

    def make_batch(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Returns pairs for `adversarial_learner.AdversarialLearner`, augmented by `rng`."""
        ...


class Trainer(BaseTrainer):
    """A training run.

    Args:
        pairs: training data.
        test_batch: held-out pairs.
        settings: of the networks and their training.
        run: stores checkpoints.
        start: weights to start from, of the generator and of the discriminator.

    Attributes:
        error: mean absolute error of `result` on held-out pairs, 0 to 255.

    Raises:
        StudioError: if `start` has another shape.
    """

    loss_names = ("off", "discriminator")
    error: float

    def __init__(
        self,
        pairs: Pairs,
        test_batch: dict[str, np.ndarray],
        settings: UNetSettings,
        run: checkpoints.Run | None = None,
        start: tuple[Sequence[np.ndarray], Sequence[np.ndarray]] | None = None,
    ):
        super().__init__(settings.steps, settings.test_every, run)
        self.pairs, self.test_batch, self.settings = pairs, test_batch, settings
        with parallel.use_all_devices():
            self.learner = make_learner(settings)
            if start is not None:
                with start_from.check_weight_shapes("size, width and discriminator_width"):
                    self.learner.generator.set_weights(list(start[0]))
                    self.learner.discriminator.set_weights(list(start[1]))
            self.learner.compile_with_schedule()
        self.ema_generator = build_generator(settings)  # with the EMA weights
        self.batches = Batches(len(pairs), settings.batch, settings.seed)
        self.track(self.learner, self.learner.generator, settings.ema_steps)

    def make_batch(self, step: int) -> dict[str, np.ndarray]:
        """Returns the pairs of a step, augmented at random."""
        rng = np.random.default_rng([self.settings.seed, 1, step])
        return self.pairs.make_batch(self.batches.select_rows(step), rng)

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Returns the mean absolute error of the EMA weights on held-out pairs, 0 to 255."""
        images = self.render(self.test_batch)
        return {"held out": float(255 * np.abs(images - self.test_batch["image"]).mean())}

    def render(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        """Renders a batch with the EMA weights: `(n, size, size, 3) float32 in [0, 1]`."""
        self.ema_generator.set_weights(self.ema.arrays)
        layers = self.ema_generator.predict(batch["drawing"], batch_size=16, verbose=0)
        return np.asarray(self.learner.render(layers, batch))

    def draw_sheet(self) -> np.ndarray:
        """Returns held-out drawings, their current results and the truth, in rows, `(H, W, 3) uint8`."""
        examples = {name: array[:PREVIEW_PAIRS] for name, array in self.test_batch.items()}
        rows = [examples["drawing"][..., :3], self.render(examples), examples["image"]]
        images = np.rint(255 * np.concatenate(rows)).clip(0, 255).astype("uint8")
        return make_grid(images, columns=len(rows[0]), gap=0)

    def finish(self, progress: Progress) -> None:
        """Takes the EMA weights and tests them."""
        # A fresh model without optimizers, which would triple the size of the file.
        self.result = make_learner(self.settings)
        self.result.generator.set_weights(self.ema.arrays)
        self.result.discriminator.set_weights(self.learner.discriminator.get_weights())
        self.error = self.test(progress)["held out"]
