"""Training a network of Enhance: tests on held-out photos on the way, the averaged weights kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, start_from
from studio.core.training.averaged import AveragedTraining
from studio.core.training.loop import Batches, Curves, to_test
from studio.enhance.learn.learner import Learner
from studio.enhance.settings import TrainEnhanceSettings

ON_THE_WAY = 8  # photos: enough to see how a training goes
AT_THE_END = 40  # others
SHOWN = 4  # photos of a preview


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes:
        network: with its averaged weights.
        curves: how it went.
        steps: batches done.
        tested: by name, what `Trainer.tested_now` found on photos that no test on the way looked at.
        ended: "" for all of them, else why it ended before: "cancelled" or "nan".
    """

    network: keras.Model
    curves: Curves
    steps: int
    tested: Mapping[str, float]
    ended: str


class Trainer(AveragedTraining):
    """A training under way. A subclass says what its learner is, what that is fed and how it is tested.

    Args:
        photos: `(n, side, side, channels) uint8`; one channel is lightness.
        learnt, tested: the rows to learn from and to test on: a few on the way, others at the end.
        settings: of the network and how it learns.
        run: where checkpoints go.
        start: the weights to begin with.

    Raises:
        StudioError: if those are of another shape.
    """

    channels = 3  # of photos
    learns: Callable[[TrainEnhanceSettings], Learner]
    windows = 1  # for each of a batch

    def __init__(
        self,
        photos: np.ndarray,
        learnt: np.ndarray,
        tested: np.ndarray,
        settings: TrainEnhanceSettings,
        run: checkpoints.Run | None = None,
        start: Sequence[np.ndarray] | None = None,
    ):
        super().__init__(settings.steps, settings.test_every, run)
        self.photos, self.rows, self.settings = photos, learnt, settings
        self.on_the_way, self.at_the_end = to_test(tested, ON_THE_WAY, AT_THE_END)
        with parallel.on_all_devices():
            self.learner = self.learns(settings)
            if start is not None:
                with start_from.of_its_shape("width and blocks"):
                    self.learner.network.set_weights(list(start))
            self.learner.start()
        self.batches = Batches(len(learnt), self.windows * settings.batch, settings.seed)
        self.follow(self.learner, self.learner.network, settings.averaging)

    def batch(self, step: int) -> dict[str, np.ndarray]:
        """What the learner is fed at a step."""
        rng = np.random.default_rng([self.settings.seed, 1, step])
        rows = rng.permutation(self.rows[self.batches.at(step)])
        # A small set has fewer photos than windows.
        return self.drawn(np.resize(rows, self.windows * self.settings.batch), rng)

    def drawn(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Windows of these photos, as the learner takes them."""
        raise NotImplementedError

    def advance(self) -> Mapping[str, float]:
        """One batch, one step."""
        found = self.stepped(self.batch(self.step))
        return self.means({self.called(name): found[name] for name in self.learner.seen})

    def called(self, error: str) -> str:
        """What people call an error of the learner."""
        return error

    def test(self, progress: Progress) -> Mapping[str, float]:
        """What the averaged weights win on a few photos: a look at how it goes."""
        with self.averaged():
            return self.gains(self.tested_now(self.on_the_way))

    def tested_now(self, rows: np.ndarray) -> dict[str, float]:
        """How near the weights of now come to these photos: named means of PSNR in dB."""
        raise NotImplementedError

    def gains(self, found: Mapping[str, float]) -> Mapping[str, float]:
        """What they win, in dB, of what `tested_now` found."""
        raise NotImplementedError


def train(trainer: Trainer, progress: Progress | None = None) -> Trained:
    """Trains to the end, or until a person stops it, and takes the averaged weights.

    Raises:
        Cancelled: if a person stopped it before the first step.
    """
    progress = progress or Progress()
    ended = trainer.learn(progress)
    trainer.learner.network.set_weights(trainer.average.arrays)
    if ended != "cancelled":
        progress.stage("Testing on held-out photos")
    tested = trainer.tested_now(trainer.at_the_end)
    return Trained(trainer.learner.network, trainer.curves, trainer.step, tested, ended)


def sheet(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of pictures below each other: `(n, h, w)` or `(n, h, w, 3)` each, levels -> `(H, W, 3) uint8`."""
    whole = np.concatenate([np.concatenate(list(pictures), axis=1) for pictures in rows])
    levels = np.rint(whole).clip(0, 255).astype("uint8")
    return levels if levels.ndim == 3 else np.repeat(levels[..., None], 3, axis=2)
