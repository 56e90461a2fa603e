"""Training a network that colours: tests on held-out photos on the way, the averaged weights kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from studio.colour import bins, lab, odds
from studio.colour.learn import windows
from studio.colour.learn.learner import Learner
from studio.colour.models import SMALLER
from studio.colour.settings import VIVIDNESS, TrainColourSettings
from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, start_from
from studio.core.training.averaged import AveragedTraining
from studio.core.training.loop import Batches, Curves, evenly_spaced, to_test

ON_THE_WAY = 48  # photos: enough to see how a training goes
AT_THE_END = 400  # others
AT_ONCE = 16  # photos that are tested together
SHOWN = 8  # photos of a preview


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes:
        network: with its averaged weights.
        curves: how it went.
        steps: batches done.
        tested: "error", the mean distance of its a* and b* from those of photos that no test on the way
            looked at, "pale_error", the same at no vividness, and "grey_error", that of no colour at all.
        ended: "" for all of them, else why it ended before: "cancelled" or "nan".
    """

    network: keras.Model
    curves: Curves
    steps: int
    tested: Mapping[str, float]
    ended: str


class Trainer(AveragedTraining):
    """A training under way.

    Args:
        photos: `(n, side, side, 3) uint8`.
        learnt, tested: the rows to learn from and to test on: a few on the way, others at the end.
        settings: of the network and how it learns.
        run: where checkpoints go.
        start: the weights to begin with.

    Raises:
        StudioError: if those are of another shape.
    """

    def __init__(
        self,
        photos: np.ndarray,
        learnt: np.ndarray,
        tested: np.ndarray,
        settings: TrainColourSettings,
        run: checkpoints.Run | None = None,
        start: Sequence[np.ndarray] | None = None,
    ):
        super().__init__(settings.steps, settings.test_every, run)
        self.photos, self.rows, self.settings = photos, learnt, settings
        self.on_the_way, self.at_the_end = to_test(tested, ON_THE_WAY, AT_THE_END)
        with parallel.on_all_devices():
            self.prior = prior(photos, learnt)
            self.learner = Learner(settings, self.prior)
            if start is not None:
                with start_from.of_its_shape("width"):
                    self.learner.network.set_weights(list(start))
            self.learner.start()
        self.batches = Batches(len(learnt), settings.batch, settings.seed)
        self.follow(self.learner, self.learner.network, settings.averaging)

    def advance(self) -> Mapping[str, float]:
        """One batch, one step."""
        rng = np.random.default_rng([self.settings.seed, 1, self.step])
        rows = np.resize(self.rows[self.batches.at(self.step)], self.settings.batch)
        batch = windows.batch(self.photos, rows, self.settings.window, self.settings.hinted, rng)
        found = self.stepped(batch)
        return self.means({"loss_nats": found["loss_nats"]})

    def test(self, progress: Progress) -> Mapping[str, float]:
        """The error of the averaged weights on a few photos, over that of grey: a look at how it goes."""
        with self.averaged():
            found = self.tested_now(self.on_the_way)
        return {"error over grey's": found["error"] / found["grey_error"]}

    def tested_now(self, rows: np.ndarray) -> dict[str, float]:
        """How far the colours of the weights of now are from those of photos; see `Trained`."""
        sums = np.zeros(3)
        for start in range(0, len(rows), AT_ONCE):
            logits, truth = self._answered(rows[start : start + AT_ONCE])
            for n, found in enumerate((self._colours(logits), self._colours(logits, 0.0), 0)):
                sums[n] += np.linalg.norm(found - truth, axis=-1).mean(axis=(1, 2)).sum()
        return dict(zip(("error", "pale_error", "grey_error"), map(float, sums / len(rows)), strict=True))

    def _answered(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits of photos, and their true a* and b*: `(n, side / 4, side / 4, bins)` and `(..., 2)`."""
        seen, truth = windows.whole(self.photos[rows])
        return np.asarray(self.learner.network.predict_on_batch(seen)), truth

    def _colours(self, logits: np.ndarray, vividness: float = VIVIDNESS) -> np.ndarray:
        vivid = odds.vivid(logits, self.prior, self.settings.rebalance, vividness)
        return odds.annealed_mean(vivid)

    def sheet(self) -> np.ndarray:
        """Held-out photos in grey, coloured by the network of now, and as they were, below each other.

        `(H, W, 3) uint8`.
        """
        rows = evenly_spaced(self.on_the_way, SHOWN)
        photos = self.photos[rows]
        found = self._colours(self._answered(rows)[0])
        light = lab.from_rgb(photos)[..., :1]
        colours = found.repeat(SMALLER, axis=1).repeat(SMALLER, axis=2)
        made = [lab.to_levels(lab.to_linear(np.concatenate([light, n * colours], axis=-1))) for n in (0, 1)]
        return np.concatenate([np.concatenate(list(one), axis=1) for one in (*made, photos)])


def prior(photos: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """How often each colour is seen in photos: `(bins,) float32`, none of them 0, which add up to 1."""
    total = np.zeros(len(bins.centres()))
    for start in range(0, len(rows), AT_ONCE):
        _, colours = windows.whole(photos[rows[start : start + AT_ONCE]])
        total += bins.shares(colours).sum(axis=(0, 1, 2))
    total += 1e-4 * total.mean()
    return np.asarray(total / total.sum(), "float32")


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
