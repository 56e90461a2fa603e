"""Training a painter: tests on held-out pairs on the way, the averaged weights kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, start_from
from studio.core.training.averaged import AveragedTraining
from studio.core.training.loop import Batches, Curves
from studio.outline.learn.game import Game
from studio.outline.learn.learner import learner
from studio.outline.network import painter
from studio.outline.settings import PainterSettings

SHOWN = 8  # pairs of a preview


class Pairs(Protocol):
    """What is learnt from."""

    def __len__(self) -> int: ...

    def batch(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Some of them, as `game.Game` takes them, in a form that `rng` decides."""
        ...


@dataclass(frozen=True)
class Trained:
    """A trained painter.

    Attributes:
        learner: both networks, the painter with its averaged weights; never compiled.
        curves: how it went.
        steps: batches done.
        off: how far it is off on held-out pairs, in levels of 255.
        ended: "" for all of them, else why it ended before: "cancelled" or "nan".
    """

    learner: Game
    curves: Curves
    steps: int
    off: float
    ended: str


class Trainer(AveragedTraining):
    """A training under way.

    Args:
        pairs: to learn from.
        tested: a batch of others, to test on.
        settings: of the networks and how they learn.
        run: where checkpoints go.
        start: the weights to begin with, of the painter and of the judge.

    Raises:
        StudioError: if those are of another shape.
    """

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
                with start_from.of_its_shape("size, width and judge_width"):
                    self.learner.generator.set_weights(list(start[0]))
                    self.learner.judge.set_weights(list(start[1]))
            self.learner.start()
        self.artist = painter(settings)  # paints with the averaged weights
        self.batches = Batches(len(pairs), settings.batch, settings.seed)
        self.follow(self.learner, self.learner.generator, settings.averaging, held=self.learner)

    def advance(self) -> Mapping[str, float]:
        """One batch, one step of both networks."""
        rng = np.random.default_rng([self.settings.seed, 1, self.step])
        batch = self.pairs.batch(self.batches.at(self.step), rng)
        found = self.stepped(batch)
        return self.means({name: found[name] for name in ("off", "judge")})

    def test(self, progress: Progress) -> Mapping[str, float]:
        """How far the averaged weights are off on held-out pairs, in levels of 255."""
        made = self.paint(self.tested)
        return {"held out": float(255 * np.abs(made - self.tested["picture"]).mean())}

    def paint(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        """What the averaged weights paint: `(n, size, size, 3) float32 in [0, 1]`."""
        self.artist.set_weights(self.average.arrays)
        layers = self.artist.predict(batch["drawing"], batch_size=16, verbose=0)
        return np.asarray(self.learner.painted(layers, batch))

    def sheet(self) -> np.ndarray:
        """Held-out drawings, what is painted of them by now, and the truth below each other.

        `(H, W, 3) uint8`.
        """
        some = {name: one[:SHOWN] for name, one in self.tested.items()}
        rows = [some["drawing"][..., :3], self.paint(some), some["picture"]]
        sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
        return np.rint(255 * sheet).clip(0, 255).astype("uint8")


def train(trainer: Trainer, progress: Progress | None = None) -> Trained:
    """Trains to the end, or until a person stops it, and takes the averaged weights.

    Raises:
        Cancelled: if a person stopped it before the first step.
    """
    ended = trainer.learn(progress or Progress())
    # One that was never compiled has no optimizers, which would make its file three times as large.
    made = learner(trainer.settings)
    made.generator.set_weights(trainer.average.arrays)
    made.judge.set_weights(trainer.learner.judge.get_weights())
    off = float(trainer.test(Progress())["held out"])
    return Trained(made, trainer.curves, trainer.step, off, ended)
