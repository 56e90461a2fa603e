"""Training a variational autoencoder: tests on validation pictures on the way, the best kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from studio.core.pictures.grids import grid
from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, stages, start_from
from studio.core.training.averaged import AveragedTraining
from studio.core.training.loop import (
    Batches,
    Curves,
    arrays_named,
    diverged,
    evenly_spaced,
)
from studio.core.training.precision import computing_in
from studio.core.training.stages import Stages
from studio.vae import codes
from studio.vae.learner import Learner, See
from studio.vae.model import COMPILED, Vae
from studio.vae.settings import TrainVaeSettings

# Validation pictures that a test on the way looks at: about a second, in which nothing can stop it.
MOST_TESTED = 500
TESTED_AT_ONCE = 125
SHOWN = 8  # pictures in each row of a preview


@dataclass(frozen=True)
class Trained:
    """A trained VAE.

    Attributes:
        vae: with the averaged weights that lost least on validation pictures.
        curves: how it went.
        steps: batches done.
        ended: "" for all of them, else why it ended before: "cancelled" or "nan".
        judge: the weights of the judge that it learnt against, as it was last; none without one.
        stages: what it drew of the same numbers as it grew.
    """

    vae: Vae
    curves: Curves
    steps: int
    ended: str
    judge: Sequence[np.ndarray] = ()
    stages: Stages | None = None


class Trainer(AveragedTraining):
    """A training under way.

    Args:
        images: `(n, size, size, C) uint8`.
        learnt, validation: the rows to learn from and to choose the weights by.
        settings: of the networks and what they lose.
        run: where checkpoints go.
        see: as in `Learner`.
    """

    def __init__(
        self,
        images: np.ndarray,
        learnt: np.ndarray,
        validation: np.ndarray,
        settings: TrainVaeSettings,
        run: checkpoints.Run | None = None,
        see: See | None = None,
    ):
        super().__init__(settings.steps, settings.test_every, run)
        self.images, self.rows, self.settings = images, learnt, settings
        self.test_images = codes.prepared(images[evenly_spaced(validation, MOST_TESTED)], settings)
        with parallel.on_all_devices(), computing_in(settings.precision):
            self.learner = Learner(settings, see)
            self.learner.start()
        self.tester = Learner(settings.model_copy(update={"adversarial": 0.0}), see)
        self.tester.compile(jit_compile=COMPILED)
        self._fresh = np.asarray(self.tester.draws.state).copy()
        self.batches = Batches(len(learnt), settings.batch, settings.seed)
        self.lowest = math.inf
        self.keep_stages()
        self._begin()

    def _begin(self) -> None:
        self.follow(self.learner, self.learner.vae, self.settings.averaging, held=self.learner)
        self.best = [one.copy() for one in self.average.arrays]

    def start_from(self, weights: Sequence[np.ndarray], judge: Sequence[np.ndarray] = ()) -> None:
        """Begins with the weights of a trained model, and of its judges, if it had any.

        Raises:
            ValueError: if they are of another shape.
        """
        self.learner.vae.set_weights(weights)
        if self.learner.game is not None and judge:
            self.learner.game.take(judge)
        self._begin()

    def judge(self) -> list[np.ndarray]:
        """The weights of the judge as it is now; none without one, or if they are no numbers any more."""
        if self.learner.game is None:
            return []
        found = self.learner.game.weights_that_judge()
        return found if all(np.isfinite(one).all() for one in found) else []

    def batch(self, step: int) -> np.ndarray:
        """The pictures of a step, some mirrored, black and white ones drawn anew: `(batch, ...) uint8`."""
        pictures = self.images[self.rows[self.batches.at(step)]]
        rng = np.random.default_rng([self.settings.seed, 1, step])
        if self.settings.flip:
            mirrored = rng.random(len(pictures)) < 0.5
            pictures[mirrored] = pictures[mirrored, :, ::-1]
        return codes.binarize(pictures, rng) if self.settings.likelihood == "binary" else pictures

    def advance(self) -> Mapping[str, float]:
        """One batch, one step."""
        found = self.stepped(self.batch(self.step))
        told = ("reconstruction", "kl", "judge")
        losses = self.means({name: found[name] for name in told if name in found})
        self.note_stage(losses, self._shown_pictures)
        return losses

    def _shown_pictures(self) -> np.ndarray:
        return codes.decode(self._averaged_vae(), stages.latents(2 * SHOWN, self.settings.latent_dim))

    def _averaged_vae(self) -> Vae:
        """The tester's network with the EMA of the weights.

        Several processes may share the trained network, so the one that draws a preview cannot assign to it.
        """
        self.tester.vae.set_weights(self.average.arrays)
        return self.tester.vae

    def test(self, progress: Progress) -> Mapping[str, float]:
        """What the averaged weights lose on validation pictures; keeps them if it is the least so far.

        Against a judge the latest are kept: it wins sharpness, which pixels do not count.
        """
        self.tester.vae.set_weights(self.average.arrays)
        self.tester.draws.state.assign(self._fresh)  # the same noise in each test
        parts, sizes = [], []
        for at in range(0, len(self.test_images), TESTED_AT_ONCE):
            some = self.test_images[at : at + TESTED_AT_ONCE]
            parts.append(self.tester.test_on_batch(some, return_dict=True))
            sizes.append(len(some))
        found = {
            name: float(np.average([part[name] for part in parts], weights=sizes))
            for name in ("reconstruction", "kl", "charged")
        }
        loss = found["reconstruction"] + self.settings.beta * found["charged"]
        if loss < self.lowest or (self.settings.adversarial and math.isfinite(loss)):
            self.lowest, self.best = loss, [one.copy() for one in self.average.arrays]
        return {"validation": loss, "validation kl": found["kl"]}

    def sheet(self) -> np.ndarray:
        """Validation pictures, below each how it is drawn again, and two rows of new ones."""
        return sheet(self._averaged_vae(), self.test_images[:SHOWN], self.settings)

    def arrays(self) -> dict[str, Sequence[np.ndarray]]:
        """The networks, the optimizer, the average and the best."""
        return {**super().arrays(), "best": self.best}

    def notes(self) -> dict[str, object]:
        """What a checkpoint holds besides."""
        return {**super().notes(), "lowest": self.lowest}

    def take(self, checkpoint: checkpoints.Checkpoint) -> None:
        """Goes back to a checkpoint."""
        super().take(checkpoint)
        self.best = arrays_named("best", len(self.best), checkpoint.arrays)
        self.lowest = checkpoint.notes["lowest"]


def train(
    images: np.ndarray,
    learnt: np.ndarray,
    validation: np.ndarray,
    settings: TrainVaeSettings,
    progress: Progress | None = None,
    run: checkpoints.Run | None = None,
    start: Sequence[np.ndarray] | None = None,
    judge: Sequence[np.ndarray] = (),
    see: See | None = None,
) -> Trained:
    """Trains an encoder and a decoder.

    Args:
        images: `(n, size, size, C) uint8`.
        learnt, validation: rows to learn from and to choose the weights by, each `(k,)`.
        settings: see `TrainVaeSettings`.
        progress: told what is missed and what the codes tell, in nats a picture, and shown pictures.
        run: keeps checkpoints; a training that finds some goes on from there.
        start: the weights of a trained model to begin with.
        judge: of the judge that it learnt against; a fresh one would first undo much of what it can.
        see: features of VGG16, needed for a perceptual share.

    Raises:
        StudioError: if the start or a checkpoint is of another shape, or no test gave a finite loss.
        Cancelled: if a person stopped it before the first step.
    """
    trainer = Trainer(images, learnt, validation, settings, run, see)
    if start:
        with start_from.of_its_shape("size, colors, width and latent_dim", "model"):
            trainer.start_from(start, judge)
    ended = trainer.learn(progress or Progress())
    if not math.isfinite(trainer.lowest):
        raise diverged()
    trainer.tester.vae.set_weights(trainer.best)
    return Trained(trainer.tester.vae, trainer.curves, trainer.step, ended, trainer.judge(), trainer.stages)


def sheet(vae: Vae, pictures: np.ndarray, settings: TrainVaeSettings) -> np.ndarray:
    """A preview, `(H, W, 3) uint8`: pictures, the same drawn again, and twice as many new ones.

    Args:
        pictures: `(k, size, size, C) uint8`.
    """
    again = codes.encode(vae, pictures)[0]
    new = stages.latents(2 * len(pictures), settings.latent_dim)
    made = codes.decode(vae, np.concatenate([again, new]))
    return grid(np.concatenate([pictures, made]), columns=len(pictures))
