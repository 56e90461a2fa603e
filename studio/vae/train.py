"""Training a variational autoencoder; keeps the weights with the lowest validation loss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from studio.core.imaging.grids import make_grid
from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, stages, start_from
from studio.core.training.batches import Batches, select_evenly_spaced
from studio.core.training.loss_model import JIT_COMPILE
from studio.core.training.precision import use_precision
from studio.core.training.trainer import Trainer as BaseTrainer
from studio.core.training.trainer import copy_arrays, divergence_error
from studio.vae import encoding
from studio.vae.losses import FeatureExtractor, VaeLosses
from studio.vae.model import Vae
from studio.vae.settings import TrainVaeSettings

# Validation images of a test during training: about a second, in which a user cannot stop it.
MAX_TEST_IMAGES = 500
TEST_BATCH = 125
PREVIEW_COLUMNS = 8  # images in each row of a preview


class Trainer(BaseTrainer):
    """A training run.

    Args:
        images: `(n, size, size, C) uint8`.
        train_rows, validation_rows: rows of `images` to train on and to choose the weights by.
        settings: of the networks and their losses.
        run: stores checkpoints.
        start: weights of a trained model to start from.
        discriminator_weights: weights of its discriminators; untrained ones would first undo much of its
            training.
        feature_extractor: see `VaeLosses`.

    Attributes:
        result: the VAE with the EMA weights of the lowest validation loss.

    Raises:
        StudioError: if `start` has another shape; raised by `fit` if no test had a finite loss.
    """

    loss_names = ("reconstruction", "kl", "discriminator")
    draws_stages = True
    saved_arrays = ("best",)
    saved_notes = ("lowest",)

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
    ):
        super().__init__(settings.steps, settings.test_every, run)
        self.images, self.train_rows, self.settings = images, train_rows, settings
        self.test_images = encoding.preprocess(
            images[select_evenly_spaced(validation_rows, MAX_TEST_IMAGES)], settings
        )
        with parallel.use_all_devices(), use_precision(settings.precision):
            self.loss_model = VaeLosses(settings, feature_extractor)
            self.loss_model.compile_with_schedule()
            if start:
                self._load_start_weights(start, discriminator_weights)
        self.tester = VaeLosses(settings.model_copy(update={"adversarial": 0.0}), feature_extractor)
        self.tester.compile(jit_compile=JIT_COMPILE)
        self._test_seed_state = np.asarray(self.tester.seed_generator.state).copy()
        self.batches = Batches(len(train_rows), settings.batch, settings.seed)
        self.lowest = math.inf
        self.track(self.loss_model, self.loss_model.vae, settings.ema_steps)
        self.best = copy_arrays(self.ema.arrays)

    def _load_start_weights(
        self, weights: Sequence[np.ndarray], discriminator_weights: Sequence[np.ndarray]
    ) -> None:
        with start_from.check_weight_shapes("size, colors, width and latent_dim", "model"):
            self.loss_model.vae.set_weights(weights)
            if self.loss_model.adversarial_losses is not None and discriminator_weights:
                self.loss_model.adversarial_losses.set_discriminator_weights(discriminator_weights)

    def get_discriminator_weights(self) -> list[np.ndarray]:
        """Returns the current weights of the discriminators; none without one, or if they are not finite."""
        if self.loss_model.adversarial_losses is None:
            return []
        weights = self.loss_model.adversarial_losses.get_discriminator_weights()
        return weights if all(np.isfinite(array).all() for array in weights) else []

    def make_batch(self, step: int) -> np.ndarray:
        """Returns the images of a step, `(batch, ...) uint8`: mirrored and binarized at random, as set."""
        images = self.images[self.train_rows[self.batches.select_rows(step)]]
        rng = np.random.default_rng([self.settings.seed, 1, step])
        if self.settings.flip:
            mirrored = rng.random(len(images)) < 0.5
            images[mirrored] = images[mirrored, :, ::-1]
        return encoding.binarize(images, rng) if self.settings.likelihood == "binary" else images

    def generate_images(self) -> np.ndarray:
        """Generates samples with the EMA weights, always from the same latents."""
        return encoding.decode(
            self._load_ema_weights(), stages.draw_latents(2 * PREVIEW_COLUMNS, self.settings.latent_dim)
        )

    def _load_ema_weights(self) -> Vae:
        """Sets the tester's network to the EMA weights and returns it.

        Several devices may share the trained network, so a preview cannot assign to it.
        """
        self.tester.vae.set_weights(self.ema.arrays)
        return self.tester.vae

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Returns the validation loss of the EMA weights; keeps the weights if it is the lowest so far.

        With a discriminator, keeps the latest weights: pixel losses do not measure sharpness.
        """
        self.tester.vae.set_weights(self.ema.arrays)
        self.tester.seed_generator.state.assign(self._test_seed_state)  # the same noise in each test
        batch_losses, sizes = [], []
        for at in range(0, len(self.test_images), TEST_BATCH):
            batch = self.test_images[at : at + TEST_BATCH]
            batch_losses.append(self.tester.test_on_batch(batch, return_dict=True))
            sizes.append(len(batch))
        metrics = {
            name: float(np.average([losses[name] for losses in batch_losses], weights=sizes))
            for name in ("reconstruction", "kl", "kl_free_bits")
        }
        loss = metrics["reconstruction"] + self.settings.beta * metrics["kl_free_bits"]
        if loss < self.lowest or (self.settings.adversarial and math.isfinite(loss)):
            self.lowest, self.best = loss, copy_arrays(self.ema.arrays)
        return {"validation": loss, "validation kl": metrics["kl"]}

    def draw_sheet(self) -> np.ndarray:
        """Draws validation images, each above its reconstruction, and two rows of samples."""
        return draw_reconstructions(
            self._load_ema_weights(), self.test_images[:PREVIEW_COLUMNS], self.settings
        )

    def finish(self, progress: Progress) -> None:
        """Sets `result` to the best weights. Raises `StudioError` if no test had a finite loss."""
        if not math.isfinite(self.lowest):
            raise divergence_error()
        self.result = self.tester.vae
        self.result.set_weights(self.best)


def draw_reconstructions(vae: Vae, images: np.ndarray, settings: TrainVaeSettings) -> np.ndarray:
    """Draws a preview, `(H, W, 3) uint8`: images, their reconstructions, and twice as many samples.

    Args:
        vae: the model.
        images: `(k, size, size, C) uint8`.
        settings: of the model.
    """
    z_mean, _ = encoding.encode(vae, images)
    random_z = stages.draw_latents(2 * len(images), settings.latent_dim)
    decoded = encoding.decode(vae, np.concatenate([z_mean, random_z]))
    return make_grid(np.concatenate([images, decoded]), columns=len(images))
