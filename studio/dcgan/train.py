"""Training a DCGAN: tests on the way, the best kept, a collapse noticed and taken back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from studio.core.data import Part
from studio.core.errors import StudioError
from studio.core.generators.vgg16_discriminator import See
from studio.core.imaging.grids import grid
from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, stages, start_from
from studio.core.training.batches import Batches, evenly_spaced
from studio.core.training.ema import Ema
from studio.core.training.precision import computing_in
from studio.core.training.trainer import Trainer as BaseTrainer
from studio.core.training.trainer import copies
from studio.dcgan import growth, model
from studio.dcgan.settings import TrainDcganSettings

SHOWN = 36  # images of a preview
SETTLE = 12  # batches of 256 that the averaged weights' normalization is measured on
QUICK = 2  # of them, where a user stopped it and waits
LEAST_DIVERSITY = 0.5  # of the most that was seen; below, the images have become one
# of its mean; below, the discriminator is never wrong and the generator learns nothing
LEAST_DISCRIMINATOR_LOSS = 0.02
MOST_ROLLBACKS = 3
_STAYS = ("seed_generator", "augment/")  # where it goes back: the same draws, changed as little, fail again

# How far made images, `(n, side, side, C) uint8`, are from real ones: "kid" selects, others are only shown.
Distance = Callable[[np.ndarray], Mapping[str, float]]


class Trainer(BaseTrainer):
    """A training run.

    Args:
        images: `(n, side, side, C) uint8` to learn from.
        settings: of both networks.
        distance: scores the images of a test, lower is better; None: the last are taken for the best.
        run: where checkpoints go.
        start: a trained model to start from, see `growth.begin`.
        progress: told of what precedes the first step.
        see: what VGG16 sees, for a discriminator by that.
        validation: images of which none is learned from, `(m, side, side, C) uint8`; needed where
            augmentation adapts, which compares what the discriminator says of them.

    Attributes:
        result: both networks, the generator with the EMA weights that came closest.
        rollbacks: how often it went back to its last good weights.

    Raises:
        StudioError: if the start is of another shape; by `fit` if no test was good.
    """

    redraw_every = 25
    draws_stages = True
    saved_arrays = ("best", "good")
    saved_notes = ("best_distance", "most_diverse", "rollbacks")

    def __init__(
        self,
        images: np.ndarray | Part,
        settings: TrainDcganSettings,
        distance: Distance | None = None,
        run: checkpoints.Run | None = None,
        start: model.Gan | None = None,
        progress: Progress | None = None,
        see: See | None = None,
        validation: np.ndarray | Part | None = None,
    ):
        super().__init__(settings.steps, settings.test_every, run)
        self.source, self.settings, self.distance = images, settings, distance
        self.validation = validation if settings.adaptive_augmentation else None
        with parallel.on_all_devices(), computing_in(settings.precision):
            self.gan = model.Gan(settings, see)
            self.gan.start()
        self.artist = model.generator(settings)  # draws with the averaged weights
        self.batches = Batches(len(images), settings.batch, settings.seed)
        self.real_diversity = diversity(images[evenly_spaced(np.arange(len(images)), 256)])
        self.best_distance, self.most_diverse, self.rollbacks = float("inf"), 0.0, 0
        if start:
            with start_from.of_its_shape("size, width and latent_dim", "model"):
                growth.begin(start, self.gan, images, None if run and run.step else progress)
        self.loss_names = self.gan.told
        self.track(self.gan, self.gan.generator, settings.ema_steps)
        self.best = copies(self.ema.arrays)
        self._keep_good()

    def _keep_good(self) -> None:
        self.good = [one.numpy().copy() for one in (*self.gan.variables, *self.gan.optimizer.variables)]

    def stage_scores(self) -> Mapping[str, float]:
        """How likely real the discriminator took generated and real images."""
        return {"mark": self.logs["made_score"], "real": self.logs["real_score"]}

    def batch(self, step: int) -> np.ndarray | dict[str, np.ndarray]:
        """What `model.Gan` takes in this step. As many validation images: with fewer, batch normalization
        would give other logits."""
        real = self.source[self.batches.at(step)]
        if self.validation is None:
            return real
        rng = np.random.default_rng([self.settings.seed, 11, step])
        return {
            "real": real,
            "validation": self.validation[rng.integers(len(self.validation), size=len(real))],
        }

    def images(self) -> np.ndarray:
        """Samples of the current weights, always of the same latents."""
        return draw(self.gan.generator, stages.latents(SHOWN, self.settings.latent_dim))

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Draws with the averaged weights, measures how close and how diverse, and acts on it."""
        stopped = self.ended == "cancelled"  # the user waits
        self.artist.set_weights(self.ema.arrays)
        settle(self.artist, self.settings, QUICK if stopped else SETTLE)
        made = draw(self.artist, latents(self.settings, 128 if stopped else 500))
        various = parallel.broadcast(diversity(made[:256]) / self.real_diversity)
        found = {"diversity": various}
        if self.distance is not None:
            progress.check()
            found |= self.distance(made)
        saturated = self.sums.get("discriminator", math.inf) < LEAST_DISCRIMINATOR_LOSS * self.since
        if saturated or various < LEAST_DIVERSITY * self.most_diverse:
            self._take_back()
            return found
        self.most_diverse = max(self.most_diverse, various)
        if found.get("kid", 0.0) <= self.best_distance or self.distance is None:
            self.best_distance = found.get("kid", 0.0)
            self.best = copies(self.artist.get_weights())
        self._keep_good()
        return found

    def _take_back(self) -> None:
        """Rolls back to the weights of the last good test but not the random state, so samples differ."""
        self.rollbacks += 1
        if self.rollbacks > MOST_ROLLBACKS:
            return
        for variable, array in zip(
            (*self.gan.variables, *self.gan.optimizer.variables), self.good, strict=True
        ):
            if not any(part in variable.path for part in _STAYS):
                variable.assign(array)
        self.ema = Ema(self.gan.generator.get_weights(), self.settings.ema_steps)

    def lacks_test(self) -> bool:
        """Without a metric, keep the last weights when training stops."""
        stopped = self.ended == "cancelled"
        newest = self.distance is None and stopped and self.curves.steps[-1:] != [self.step]
        return newest or super().lacks_test()

    def early_stop(self) -> str:
        """Ends a training run after repeated mode collapse."""
        return "collapsed" if self.rollbacks > MOST_ROLLBACKS else ""

    def sheet(self) -> np.ndarray:
        """A few images of the current weights, always from the same latents."""
        return grid(self.images())

    def finish(self, progress: Progress) -> None:
        """Takes the best weights."""
        if not math.isfinite(self.best_distance):
            raise StudioError(
                "The discriminator won at every test, so the generator could not learn. "
                "Lower discriminator_rate or discriminator_width, or raise dropout."
            )
        # Without its optimizers, which would make the file three times as large.
        self.result = model.Gan(self.settings)
        self.result.set_weights(self.gan.get_weights())
        self.result.generator.set_weights(self.best)


def latents(settings: TrainDcganSettings, count: int) -> np.ndarray:
    """The latents of the tests, `(count, latent_dim) float32`: always the same."""
    rng = np.random.default_rng([settings.seed, 7])
    return rng.standard_normal((count, settings.latent_dim)).astype("float32")


def draw(generator: model.keras.Model, z: np.ndarray, batch: int = 128) -> np.ndarray:
    """Images `(n, side, side, C) uint8` from latents `(n, latent_dim)`."""
    made = [generator.predict_on_batch(z[at : at + batch]) for at in range(0, len(z), batch)]
    return np.rint((np.concatenate(made) + 1) * 127.5).clip(0, 255).astype("uint8")


def settle(generator: model.keras.Model, settings: TrainDcganSettings, batches: int = SETTLE) -> None:
    """Recomputes the batch normalization statistics for the EMA weights, which differ from the raw weights.

    Args:
        batches: of 256 images.
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


def diversity(images: np.ndarray) -> float:
    """Diversity of images: the mean standard deviation of a pixel of their thumbnails of 8 × 8 px."""
    side = images.shape[1] // 8 * 8
    small = images[:, :side, :side].reshape(len(images), 8, side // 8, 8, side // 8, -1).mean((2, 4))
    return float(small.std(0).mean()) + 1e-6
