"""Training a DCGAN: tests on the way, the best kept, a collapse noticed and taken back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from studio.core.data import Part
from studio.core.errors import StudioError
from studio.core.generators.perceptual_judge import See
from studio.core.pictures.grids import grid
from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, stages, start_from
from studio.core.training.averaged import Average, AveragedTraining
from studio.core.training.loop import Batches, Curves, arrays_named, evenly_spaced
from studio.core.training.precision import computing_in
from studio.core.training.stages import Stages
from studio.dcgan import growth, model
from studio.dcgan.settings import TrainDcganSettings

SHOWN = 36  # pictures of a preview
SETTLE = 12  # batches of 256 that the averaged weights' normalisation is measured on
QUICK = 2  # of them, where a person stopped it and waits
LEAST_DIVERSITY = 0.5  # of the most that was seen; below, the pictures have become one
LEAST_JUDGE_LOSS = 0.02  # of its mean; below, the judge is never wrong and the generator learns nothing
MOST_ROLLBACKS = 3
_STAYS = ("seed_generator", "augment/")  # where it goes back: the same draws, changed as little, fail again
_NOTED = ("best_distance", "most_diverse", "rollbacks")

# How far made images, `(n, side, side, C) uint8`, are from real ones: "kid" selects, others are only shown.
Distance = Callable[[np.ndarray], Mapping[str, float]]


@dataclass(frozen=True)
class Trained:
    """A trained DCGAN.

    Attributes:
        gan: both networks, the generator with the averaged weights that came closest.
        curves: how it went.
        steps: batches done.
        ended: "" for all of them, else why it ended before: "cancelled", "nan" or "collapsed".
        rollbacks: how often it went back to its last good weights.
        stages: what it drew of the same numbers as it grew, and the judge's marks in those steps.
    """

    gan: model.Gan
    curves: Curves
    steps: int
    ended: str
    rollbacks: int
    stages: Stages | None = None


class Trainer(AveragedTraining):
    """A game under way.

    Args:
        images: `(n, side, side, C) uint8` to learn from.
        settings: of both networks.
        distance: judges the pictures of a test, lower is better; None: the last are taken for the best.
        run: where checkpoints go.
        see: what VGG16 sees, for a judge by that.
        validation: images of which none is learnt from, `(m, side, side, C) uint8`; needed where augmentation
            adapts, which compares what the discriminator says of them.
    """

    redrawn = 25

    def __init__(
        self,
        images: np.ndarray | Part,
        settings: TrainDcganSettings,
        distance: Distance | None = None,
        run: checkpoints.Run | None = None,
        see: See | None = None,
        validation: np.ndarray | Part | None = None,
    ):
        super().__init__(settings.steps, settings.test_every, run)
        self.images, self.settings, self.distance = images, settings, distance
        self.validation = validation if settings.adaptive_augmentation else None
        with parallel.on_all_devices(), computing_in(settings.precision):
            self.gan = model.Gan(settings, see)
            self.gan.start()
        self.artist = model.generator(settings)  # draws with the averaged weights
        self.batches = Batches(len(images), settings.batch, settings.seed)
        self.real_diversity = diversity(images[evenly_spaced(np.arange(len(images)), 256)])
        self.best_distance, self.most_diverse, self.rollbacks = float("inf"), 0.0, 0
        self.keep_stages()
        self._begin()

    def _begin(self) -> None:
        self.follow(self.gan, self.gan.generator, self.settings.averaging, held=self.gan)
        self.best = [one.copy() for one in self.average.arrays]
        self._keep_good()

    def _keep_good(self) -> None:
        self.good = [one.numpy().copy() for one in (*self.gan.variables, *self.gan.optimizer.variables)]

    def start_from(self, start: model.Gan, progress: Progress | None = None) -> None:
        """Begins with the weights of a trained model. See `growth.begin`."""
        growth.begin(start, self.gan, self.images, progress)
        self._begin()

    def advance(self) -> Mapping[str, float]:
        """One batch, one step of both networks."""
        found = self.stepped(self._batch())
        losses = self.means({name: found[name] for name in self.gan.told})
        marks = {"mark": found["made_score"], "real": found["real_score"]}
        self.note_stage({**losses, **marks}, self._shown_pictures)
        return losses

    def _batch(self) -> np.ndarray | dict[str, np.ndarray]:
        """What `model.Gan` takes in this step. As many validation images: with fewer, batch normalization
        would give other logits."""
        real = self.images[self.batches.at(self.step)]
        if self.validation is None:
            return real
        rng = np.random.default_rng([self.settings.seed, 11, self.step])
        return {
            "real": real,
            "validation": self.validation[rng.integers(len(self.validation), size=len(real))],
        }

    def _shown_pictures(self) -> np.ndarray:
        return draw(self.gan.generator, stages.latents(SHOWN, self.settings.latent_dim))

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Draws with the averaged weights, measures how close and how diverse, and acts on it."""
        self.artist.set_weights(self.average.arrays)
        settle(self.artist, self.settings, QUICK if self.stopped else SETTLE)
        made = draw(self.artist, latents(self.settings, 128 if self.stopped else 500))
        various = parallel.broadcast(diversity(made[:256]) / self.real_diversity)
        found = {"diversity": various}
        if self.distance is not None:
            progress.check()
            found |= self.distance(made)
        saturated = self.sums.get("judge", math.inf) < LEAST_JUDGE_LOSS * self.since
        if saturated or various < LEAST_DIVERSITY * self.most_diverse:
            self._take_back()
            return found
        self.most_diverse = max(self.most_diverse, various)
        if found.get("kid", 0.0) <= self.best_distance or self.distance is None:
            self.best_distance = found.get("kid", 0.0)
            self.best = [one.copy() for one in self.artist.get_weights()]
        self._keep_good()
        return found

    def _take_back(self) -> None:
        """Goes back to the weights of the last test that was good; what is drawn from now on differs."""
        self.rollbacks += 1
        if self.rollbacks > MOST_ROLLBACKS:
            return
        for variable, array in zip(
            (*self.gan.variables, *self.gan.optimizer.variables), self.good, strict=True
        ):
            if not any(part in variable.path for part in _STAYS):
                variable.assign(array)
        self.average = Average(self.gan.generator.get_weights(), self.settings.averaging)

    def must_be_tested(self) -> bool:
        """Where nothing says which weights are the best, those of a training that is stopped are kept."""
        newest = self.distance is None and self.stopped and self.curves.steps[-1:] != [self.step]
        return newest or super().must_be_tested()

    def ended(self) -> str:
        """Ends a training that collapses again and again."""
        return "collapsed" if self.rollbacks > MOST_ROLLBACKS else ""

    def sheet(self) -> np.ndarray:
        """A few pictures by the weights of now, always from the same numbers."""
        return grid(self._shown_pictures())

    def arrays(self) -> dict[str, Sequence[np.ndarray]]:
        """Both networks, the optimizers, the averages, the best and the last that was good."""
        return {**super().arrays(), "best": self.best, "good": self.good}

    def notes(self) -> dict[str, object]:
        """What a checkpoint holds besides."""
        return {**super().notes(), **{name: getattr(self, name) for name in _NOTED}}

    def take(self, checkpoint: checkpoints.Checkpoint) -> None:
        """Goes back to a checkpoint."""
        super().take(checkpoint)
        self.best = arrays_named("best", len(self.best), checkpoint.arrays)
        self.good = arrays_named("good", len(self.good), checkpoint.arrays)
        for name in _NOTED:
            setattr(self, name, checkpoint.notes[name])


def train(
    images: np.ndarray | Part,
    settings: TrainDcganSettings,
    progress: Progress | None = None,
    distance: Distance | None = None,
    run: checkpoints.Run | None = None,
    start: model.Gan | None = None,
    see: See | None = None,
    validation: np.ndarray | Part | None = None,
) -> Trained:
    """Trains a generator against a judge.

    Args:
        images: `(n, size, size, C) uint8` to learn from.
        settings: see `TrainDcganSettings`.
        progress: told the losses and the tests, and shown pictures.
        distance: see `Trainer`.
        run: keeps checkpoints; a training that finds some goes on from there.
        start: a trained model to begin with the weights of.
        see: what VGG16 sees, for a judge by that.
        validation: see `Trainer`.

    Raises:
        StudioError: if the start or a checkpoint is of another shape, or no test was good.
        Cancelled: if a person stopped it before the first step.
    """
    trainer, progress = Trainer(images, settings, distance, run, see, validation), progress or Progress()
    if start:
        with start_from.of_its_shape("size, width and latent_dim", "model"):
            trainer.start_from(start, None if run and run.step else progress)
    ended = trainer.learn(progress)
    if not math.isfinite(trainer.best_distance):
        raise StudioError(
            "The judge was hardly ever wrong at any test, so that the other network learnt nothing from it. "
            "Choose a smaller judge_rate or judge_width, or more dropout."
        )
    # A game that was never compiled has no optimizers, which would make its files three times as large.
    gan = model.Gan(settings)
    gan.generator.set_weights(trainer.best)
    gan.discriminator.set_weights(trainer.gan.discriminator.get_weights())
    gan.augment.set_weights(trainer.gan.augment.get_weights())
    if gan.perceptual_judge and trainer.gan.perceptual_judge:
        gan.perceptual_judge.set_weights(trainer.gan.perceptual_judge.get_weights())
    return Trained(gan, trainer.curves, trainer.step, ended, trainer.rollbacks, trainer.stages)


def latents(settings: TrainDcganSettings, count: int) -> np.ndarray:
    """The numbers that tests are drawn from, `(count, latent_dim) float32`: always the same."""
    rng = np.random.default_rng([settings.seed, 7])
    return rng.standard_normal((count, settings.latent_dim)).astype("float32")


def draw(generator: model.keras.Model, z: np.ndarray, batch: int = 128) -> np.ndarray:
    """Pictures `(n, side, side, C) uint8` from numbers `(n, latent_dim)`."""
    made = [generator.predict_on_batch(z[at : at + batch]) for at in range(0, len(z), batch)]
    return np.rint((np.concatenate(made) + 1) * 127.5).clip(0, 255).astype("uint8")


def settle(generator: model.keras.Model, settings: TrainDcganSettings, batches: int = SETTLE) -> None:
    """Measures the means and variances of averaged weights anew: those of the weights on the way differ.

    Args:
        batches: of 256 pictures.
    """
    rng = np.random.default_rng([settings.seed, 8])
    norms = [one for one in generator.layers if isinstance(one, model.keras.layers.BatchNormalization)]
    usual = [one.momentum for one in norms]
    for n in range(batches):
        for norm in norms:
            norm.momentum = n / (n + 1)  # the plain mean of all passes, with nothing of before
        generator(rng.standard_normal((256, settings.latent_dim)).astype("float32"), training=True)
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum


def diversity(pictures: np.ndarray) -> float:
    """How much pictures differ: the mean standard deviation of a pixel of their small copies, 8 px a side."""
    side = pictures.shape[1] // 8 * 8
    small = pictures[:, :side, :side].reshape(len(pictures), 8, side // 8, 8, side // 8, -1).mean((2, 4))
    return float(small.std(0).mean()) + 1e-6
