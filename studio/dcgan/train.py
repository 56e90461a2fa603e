"""Training a DCGAN: tests during training, selection of the best weights, rollback after mode collapse."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import keras
import numpy as np

from studio.core.data import ImageSubset
from studio.core.errors import StudioError
from studio.core.generators.batches import run_in_batches
from studio.core.generators.latent import append_classes_in_turn
from studio.core.generators.latent_sampler import LatentSampler
from studio.core.generators.vgg16_discriminator import FeatureExtractor
from studio.core.imaging.grids import make_grid
from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, stages, start_from
from studio.core.training.batches import Batches, select_evenly_spaced
from studio.core.training.ema import Ema
from studio.core.training.precision import use_precision
from studio.core.training.trainer import Trainer as BaseTrainer
from studio.core.training.trainer import copy_arrays
from studio.dcgan import growth, model
from studio.dcgan.generator import to_uint8
from studio.dcgan.settings import TrainDcganSettings

PREVIEW_IMAGES = 36
NORM_BATCHES = 12  # batches of 256 for the batch normalization statistics of the EMA weights
QUICK_NORM_BATCHES = 2  # NORM_BATCHES when the user stopped training and waits
MIN_DIVERSITY = 0.5  # as a share of the highest so far; below, the generator has collapsed
# mean loss since the last test; below, the discriminator is never wrong and the generator cannot learn
MIN_DISCRIMINATOR_LOSS = 0.02
MAX_ROLLBACKS = 3
# A rollback keeps these variables, because the same random numbers and augmentation would fail again.
_NOT_ROLLED_BACK = ("seed_generator", "augment/")

# Metrics of generated images, `(n, side, side, C) uint8`, against real ones: "kid" selects the best weights.
ImageScorer = Callable[[np.ndarray], Mapping[str, float]]


class Trainer(BaseTrainer):
    """A training run.

    Args:
        images: `(n, side, side, C) uint8` to train on.
        settings: of both networks.
        score_images: scores the images of a test, lower is better; None selects the last weights.
        run: where checkpoints are saved.
        start: a trained model to start from, see `growth.copy_weights`.
        progress: receives reports of the work before the first step.
        feature_extractor: VGG16's; needed for the VGG16-feature discriminator.
        validation: held-out images, `(m, side, side, C) uint8`; needed for adaptive augmentation, which
            compares the discriminator's logits of them with those of training images.
        class_count: number of classes; 0 for a model without classes.
        labels, validation_labels: classes of `images`, `(n,)`, and of `validation`, `(m,)`; None without.

    Attributes:
        result: both networks; the generator has the EMA weights with the lowest KID.
        rollbacks: how often training went back to the weights of the last good test.

    Raises:
        StudioError: if the start model has another shape; by `fit` if no test was good.
    """

    preview_every = 25
    draws_stages = True
    saved_arrays = ("best", "good")
    saved_notes = ("best_distance", "most_diverse", "rollbacks")

    def __init__(
        self,
        images: np.ndarray | ImageSubset,
        settings: TrainDcganSettings,
        score_images: ImageScorer | None = None,
        run: checkpoints.Run | None = None,
        start: model.Gan | None = None,
        progress: Progress | None = None,
        feature_extractor: FeatureExtractor | None = None,
        validation: np.ndarray | ImageSubset | None = None,
        class_count: int = 0,
        labels: np.ndarray | None = None,
        validation_labels: np.ndarray | None = None,
    ):
        super().__init__(settings.steps, settings.test_every, run)
        self.class_count, self.labels, self.validation_labels = class_count, labels, validation_labels
        self.latents = LatentSampler(settings.latent_dim, class_count, labels)
        self.train_images, self.settings, self.score_images = images, settings, score_images
        self.validation = validation if settings.adaptive_augmentation else None
        with parallel.use_all_devices(), use_precision(settings.precision):
            self.gan = model.Gan(settings, feature_extractor, class_count)
            self.gan.compile_with_schedule()
        self.ema_generator = model.build_generator(settings, class_count)  # holds the EMA weights
        self.batches = Batches(len(images), settings.batch, settings.seed)
        self.real_diversity = measure_diversity(images[select_evenly_spaced(np.arange(len(images)), 256)])
        self.best_distance, self.most_diverse, self.rollbacks = float("inf"), 0.0, 0
        if start:
            with start_from.check_weight_shapes("size, width, latent_dim and classes", "model"):
                growth.copy_weights(start, self.gan, images, None if run and run.step else progress)
        self.loss_names = self.gan.loss_names
        self.track(self.gan, self.gan.generator, settings.ema_steps)
        self.best = copy_arrays(self.ema.arrays)
        self._save_good_variables()

    @property
    def _variables(self) -> tuple[keras.Variable, ...]:
        return (*self.gan.variables, *self.gan.optimizer.variables)

    def _save_good_variables(self) -> None:
        """Saves all variables in memory, for a rollback."""
        self.good = [variable.numpy().copy() for variable in self._variables]

    def measure_stage(self) -> Mapping[str, float]:
        """Returns the discriminator's mean probabilities that generated and real images are real."""
        return {"mark": self.logs["generated_score"], "real": self.logs["real_score"]}

    def make_batch(self, step: int) -> dict[str, np.ndarray]:
        """Returns the input of `model.Gan` for a step.

        With adaptive augmentation it has as many validation as real images, because batch normalization
        would give other logits with fewer.
        """
        rows = self.batches.select_rows(step)
        batch = {"real": self.train_images[rows]}
        if self.labels is not None:
            batch["labels"] = self.labels[rows]
        if self.validation is None:
            return batch
        rng = np.random.default_rng([self.settings.seed, 11, step])
        validation_rows = rng.integers(len(self.validation), size=len(rows))
        batch["validation"] = self.validation[validation_rows]
        if self.validation_labels is not None:
            batch["validation_labels"] = self.validation_labels[validation_rows]
        return batch

    def generate_images(self) -> np.ndarray:
        """Generates samples with the current weights, always from the same latents, of each class in turn."""
        z = stages.draw_latents(PREVIEW_IMAGES, self.settings.latent_dim)
        return generate_uint8_images(self.gan.generator, append_classes_in_turn(z, self.class_count))

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Scores images of the EMA weights; then keeps the weights as good or best, or rolls back."""
        user_waits = self.stop_reason == "cancelled"
        norm_batches, image_count = (QUICK_NORM_BATCHES, 128) if user_waits else (NORM_BATCHES, 500)
        self.ema_generator.set_weights(self.ema.arrays)
        seed = self.settings.seed
        recompute_batch_norm(self.ema_generator, self.latents, seed, norm_batches)
        z = self.latents.sample(np.random.default_rng([seed, 7]), image_count)
        images = generate_uint8_images(self.ema_generator, z)
        relative_diversity = parallel.broadcast(measure_diversity(images[:256]) / self.real_diversity)
        scores = {"diversity": relative_diversity}
        if self.score_images is not None:
            progress.check()
            scores |= self.score_images(images)
        saturated = (
            self.loss_sums.get("discriminator", math.inf) < MIN_DISCRIMINATOR_LOSS * self.steps_since_test
        )
        if saturated or relative_diversity < MIN_DIVERSITY * self.most_diverse:
            self._roll_back()
            return scores
        self.most_diverse = max(self.most_diverse, relative_diversity)
        if scores.get("kid", 0.0) <= self.best_distance or self.score_images is None:
            self.best_distance = scores.get("kid", 0.0)
            self.best = copy_arrays(self.ema_generator.get_weights())
        self._save_good_variables()
        return scores

    def _roll_back(self) -> None:
        """Rolls back to the weights of the last good test but not the random state, so samples differ."""
        self.rollbacks += 1
        if self.rollbacks > MAX_ROLLBACKS:
            return
        for variable, array in zip(self._variables, self.good, strict=True):
            if not any(part in variable.path for part in _NOT_ROLLED_BACK):
                variable.assign(array)
        self.ema = Ema(self.gan.generator.get_weights(), self.settings.ema_steps)

    def needs_test(self) -> bool:
        """Returns whether training needs another test, because without a metric the last weights are kept."""
        stopped = self.stop_reason == "cancelled"
        untested = self.curves.steps[-1:] != [self.step]
        return (self.score_images is None and stopped and untested) or super().needs_test()

    def early_stop(self) -> str:
        """Returns "collapsed" after too many rollbacks, which ends the run, else ""."""
        return "collapsed" if self.rollbacks > MAX_ROLLBACKS else ""

    def draw_sheet(self) -> np.ndarray:
        """Returns a grid of images of the current weights, always from the same latents."""
        return make_grid(self.generate_images())

    def finish(self, progress: Progress) -> None:
        """Builds `result` with the best weights. Raises `StudioError` if no test was good."""
        if not math.isfinite(self.best_distance):
            raise StudioError(
                "The discriminator won at every test, so the generator could not learn. "
                "Lower discriminator_rate or discriminator_width, or raise dropout."
            )
        # A new model has no optimizers, which would make the file three times as large.
        self.result = model.Gan(self.settings, class_count=self.class_count)
        self.result.set_weights(self.gan.get_weights())
        self.result.generator.set_weights(self.best)


def generate_uint8_images(generator: keras.Model, z: np.ndarray) -> np.ndarray:
    """Generates images `(n, side, side, C) uint8` from latents `(n, latent_dim + class_count)`."""
    return to_uint8(run_in_batches(generator.predict_on_batch, z))


def recompute_batch_norm(
    generator: keras.Model, latents: LatentSampler, seed: int, batches: int = NORM_BATCHES
) -> None:
    """Recomputes the batch normalization statistics for the EMA weights, which differ from the raw weights.

    Args:
        generator: with the EMA weights.
        latents: samples its latents.
        seed: of the latents.
        batches: number of batches of 256 images.
    """
    rng = np.random.default_rng([seed, 8])
    norms = [layer for layer in generator.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in norms]
    for n in range(batches):
        for norm in norms:
            norm.momentum = n / (n + 1)  # the plain mean over all batches, without the earlier statistics
        generator(latents.sample(rng, 256), training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def measure_diversity(images: np.ndarray) -> float:
    """Returns the diversity of images: the mean standard deviation of the pixels of 8 × 8 px thumbnails."""
    side = images.shape[1] // 8 * 8
    small = images[:, :side, :side].reshape(len(images), 8, side // 8, 8, side // 8, -1).mean((2, 4))
    return float(small.std(0).mean()) + 1e-6
