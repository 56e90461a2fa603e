"""Training a U-Net that paints: tests on held-out pairs on the way, the EMA weights kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, start_from
from studio.core.training.batches import Batches
from studio.core.training.trainer import Trainer as BaseTrainer
from studio.sketch.learn.learner import learner
from studio.sketch.network import painter
from studio.sketch.settings import PainterSettings

SHOWN = 8  # pairs of a preview


class Pairs(Protocol):
    """What is learned from."""

    def __len__(self) -> int: ...

    def batch(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Some of them, as `game.Game` takes them, in a form that `rng` decides."""
        ...


class Trainer(BaseTrainer):
    """A training run.

    Args:
        pairs: to learn from.
        tested: a batch of others, to test on.
        settings: of the networks and how they learn.
        run: where checkpoints go.
        start: the weights to start from, of the generator and of the discriminator.

    Attributes:
        error: mean absolute error on held-out pairs, 0 to 255, of `result`.

    Raises:
        StudioError: if those are of another shape.
    """

    loss_names = ("off", "discriminator")
    error: float

    def __init__(
        self,
        pairs: Pairs,
        tested: dict[str, np.ndarray],
        settings: PainterSettings,
        run: checkpoints.Run | None = None,
        start: tuple[Sequence[np.ndarray], Sequence[np.ndarray]] | None = None,
    ):
        super().__init__(settings.steps, settings.test_every, run)
        self.pairs, self.tested, self.settings = pairs, tested, settings
        with parallel.on_all_devices():
            self.learner = learner(settings)
            if start is not None:
                with start_from.of_its_shape("size, width and discriminator_width"):
                    self.learner.generator.set_weights(list(start[0]))
                    self.learner.discriminator.set_weights(list(start[1]))
            self.learner.start()
        self.artist = painter(settings)  # paints with the averaged weights
        self.batches = Batches(len(pairs), settings.batch, settings.seed)
        self.track(self.learner, self.learner.generator, settings.ema_steps)

    def batch(self, step: int) -> dict[str, np.ndarray]:
        """Pairs, in a form that the step decides."""
        rng = np.random.default_rng([self.settings.seed, 1, step])
        return self.pairs.batch(self.batches.at(step), rng)

    def test(self, progress: Progress) -> Mapping[str, float]:
        """How far the averaged weights are off on held-out pairs, in levels of 255."""
        made = self.paint(self.tested)
        return {"held out": float(255 * np.abs(made - self.tested["image"]).mean())}

    def paint(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        """What the averaged weights paint: `(n, size, size, 3) float32 in [0, 1]`."""
        self.artist.set_weights(self.ema.arrays)
        layers = self.artist.predict(batch["drawing"], batch_size=16, verbose=0)
        return np.asarray(self.learner.painted(layers, batch))

    def sheet(self) -> np.ndarray:
        """Held-out drawings, what is painted of them by now, and the truth below each other.

        `(H, W, 3) uint8`.
        """
        some = {name: one[:SHOWN] for name, one in self.tested.items()}
        rows = [some["drawing"][..., :3], self.paint(some), some["image"]]
        sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
        return np.rint(255 * sheet).clip(0, 255).astype("uint8")

    def finish(self, progress: Progress) -> None:
        """Takes the EMA weights, and measures them."""
        # Without its optimizers, which would make the file three times as large.
        self.result = learner(self.settings)
        self.result.generator.set_weights(self.ema.arrays)
        self.result.discriminator.set_weights(self.learner.discriminator.get_weights())
        self.error = self.test(progress)["held out"]
