"""Training a variational autoencoder; keeps the weights with the lowest validation loss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from studio.core.generators.latent import append_classes, append_classes_in_turn
from studio.core.imaging.grids import make_grid
from studio.core.progress import Progress
from studio.core.training import checkpoints, stages
from studio.core.training.batches import select_evenly_spaced
from studio.core.training.validated_trainer import MAX_TEST_IMAGES, ValidatedTrainer
from studio.vae import encoding
from studio.vae.losses import FeatureExtractor, VaeLosses
from studio.vae.model import Vae
from studio.vae.settings import TrainVaeSettings

PREVIEW_COLUMNS = 8  # images in each row of a preview


class Trainer(ValidatedTrainer):
    """A training run; see `ValidatedTrainer`.

    Args:
        validation_rows: rows of `images` to choose the weights by.
        start: weights of a trained model to start from.
        discriminator_weights: weights of its discriminators; untrained ones would first undo much of its
            training.
        feature_extractor: see `VaeLosses`.
        class_count: number of classes; 0 for a model without classes.
        labels: class of each image, `(n,)`; None without classes.
    """

    loss_names = ("reconstruction", "kl", "discriminator")
    shape_settings = "size, colors, width, latent_dim and classes"

    def __init__(
        self,
        images: np.ndarray,
        train_rows: np.ndarray,
        validation_rows: np.ndarray,
        settings: TrainVaeSettings,
        run: checkpoints.Run | None = None,
        start: Sequence[np.ndarray] | None = None,
        discriminator_weights: Sequence[np.ndarray] = (),
        feature_extractor: FeatureExtractor | None = None,
        class_count: int = 0,
        labels: np.ndarray | None = None,
    ):
        self._feature_extractor, self._discriminator_weights = feature_extractor, discriminator_weights
        self.class_count, self.labels = class_count, labels
        self.test_rows = select_evenly_spaced(validation_rows, MAX_TEST_IMAGES)
        test_images = encoding.make_preprocessing(settings)(images[self.test_rows])
        self.test_images = np.ascontiguousarray(test_images)
        super().__init__(images, train_rows, settings, run, start)

    def build_loss_model(self) -> VaeLosses:
        """Builds the VAE with all of its losses."""
        return VaeLosses(self.settings, self._feature_extractor, self.class_count)

    def build_tester(self) -> VaeLosses:
        """Builds the VAE without a discriminator, whose loss measures no progress."""
        settings = self.settings.model_copy(update={"adversarial": 0.0})
        return VaeLosses(settings, self._feature_extractor, self.class_count)

    def load_start_weights(self, start: Sequence[np.ndarray]) -> None:
        """Sets the weights of the VAE and of its discriminators, if there are any."""
        super().load_start_weights(start)
        if self.loss_model.adversarial_losses is not None and self._discriminator_weights:
            self.loss_model.adversarial_losses.set_discriminator_weights(self._discriminator_weights)

    def get_discriminator_weights(self) -> list[np.ndarray]:
        """Returns the current weights of the discriminators; none without one, or if they are not finite."""
        if self.loss_model.adversarial_losses is None:
            return []
        weights = self.loss_model.adversarial_losses.get_discriminator_weights()
        return weights if all(np.isfinite(array).all() for array in weights) else []

    def make_batch(self, step: int) -> dict[str, np.ndarray]:
        """Returns the input of `VaeLosses` for a step; its images are mirrored and binarized as set."""
        rows, images, rng = self.select_batch(step)
        if self.settings.likelihood == "binary":
            images = encoding.binarize(images, rng)
        return self._add_labels(images, rows)

    def make_test_batch(self, rows: slice) -> dict[str, np.ndarray]:
        """Returns the input of `VaeLosses` for a part of the validation images."""
        return self._add_labels(self.test_images[rows], self.test_rows[rows])

    def _add_labels(self, images: np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray]:
        return {"images": images} if self.labels is None else {"images": images, "labels": self.labels[rows]}

    def generate_images(self) -> np.ndarray:
        """Generates samples with the EMA weights, always from the same latents, of each class in turn."""
        z = stages.draw_latents(2 * PREVIEW_COLUMNS, self.settings.latent_dim)
        return encoding.decode(self.load_ema_weights(), append_classes_in_turn(z, self.class_count))

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Returns the validation loss of the EMA weights; keeps the weights if it is the lowest so far.

        With a discriminator, keeps the latest weights: pixel losses do not measure sharpness.
        """
        losses = self.measure_losses(len(self.test_images))
        loss = losses["reconstruction"] + self.settings.beta * losses["kl_free_bits"]
        is_best = loss < self.lowest or (self.settings.adversarial > 0 and math.isfinite(loss))
        return {**self.keep_weights_of(loss, is_best), "validation kl": losses["kl"]}

    def draw_sheet(self) -> np.ndarray:
        """Draws validation images, each above its reconstruction, and two rows of samples."""
        rows = slice(PREVIEW_COLUMNS)
        labels = None if self.labels is None else self.labels[self.test_rows[rows]]
        return draw_reconstructions(self.load_ema_weights(), self.test_images[rows], self.settings, labels)


def draw_reconstructions(
    vae: Vae, images: np.ndarray, settings: TrainVaeSettings, labels: np.ndarray | None = None
) -> np.ndarray:
    """Draws a preview, `(H, W, 3) uint8`: images, their reconstructions, and twice as many samples.

    Args:
        vae: the model.
        images: `(k, size, size, C) uint8`.
        settings: of the model.
        labels: classes of the images, `(k,)`; None for a model without classes.
    """
    z_mean, _ = encoding.encode(vae, images, labels=labels)
    random_z = stages.draw_latents(2 * len(images), settings.latent_dim)
    z = append_classes(z_mean, labels, vae.class_count), append_classes_in_turn(random_z, vae.class_count)
    decoded = encoding.decode(vae, np.concatenate(z))
    return make_grid(np.concatenate([images, decoded]), columns=len(images))
