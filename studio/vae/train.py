"""Trains a variational autoencoder; keeps the weights with the lowest validation loss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from studio.core.imaging.grids import make_grid
from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, stages, start_from
from studio.core.training.batches import Batches, select_evenly_spaced
from studio.core.training.loss_model import JIT_COMPILE
from studio.core.training.precision import computing_in
from studio.core.training.trainer import Trainer as BaseTrainer
from studio.core.training.trainer import copy_arrays, divergence_error
from studio.vae import codes
from studio.vae.learner import FeatureExtractor, VaeLosses
from studio.vae.model import Vae
from studio.vae.settings import TrainVaeSettings

# Validation images of a test during training: about a second, in which a user cannot stop it.
MOST_TEST_IMAGES = 500
TEST_BATCH = 125
PREVIEW_COLUMNS = 8  # images in each row of a preview


class Trainer(BaseTrainer):
    """A training run.

    Args:
        images: `(n, size, size, C) uint8`.
        train_rows, validation: rows of `images` to train on and to choose the weights by.
        settings: of the networks and their losses.
        run: stores checkpoints.
        start: weights of a trained model to start from.
        discriminator: weights of its discriminators; untrained ones would first undo much of the training.
        see: as in `Learner`.

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
        validation: np.ndarray,
        settings: TrainVaeSettings,
        run: checkpoints.Run | None = None,
        start: Sequence[np.ndarray] | None = None,
        discriminator: Sequence[np.ndarray] = (),
        see: FeatureExtractor | None = None,
    ):
        super().__init__(settings.steps, settings.test_every, run)
        self.source, self.rows, self.settings = images, train_rows, settings
        self.test_images = codes.preprocess(
            images[select_evenly_spaced(validation, MOST_TEST_IMAGES)], settings
        )
        with parallel.on_all_devices(), computing_in(settings.precision):
            self.learner = VaeLosses(settings, see)
            self.learner.start()
            if start:
                self._start_from(start, discriminator)
        self.tester = VaeLosses(settings.model_copy(update={"adversarial": 0.0}), see)
        self.tester.compile(jit_compile=JIT_COMPILE)
        self._fresh = np.asarray(self.tester.draws.state).copy()
        self.batches = Batches(len(train_rows), settings.batch, settings.seed)
        self.lowest = math.inf
        self.track(self.learner, self.learner.vae, settings.ema_steps)
        self.best = copy_arrays(self.ema.arrays)

    def _start_from(self, weights: Sequence[np.ndarray], discriminator: Sequence[np.ndarray]) -> None:
        with start_from.check_weight_shapes("size, colors, width and latent_dim", "model"):
            self.learner.vae.set_weights(weights)
            if self.learner.game is not None and discriminator:
                self.learner.game.take(discriminator)

    def discriminator(self) -> list[np.ndarray]:
        """Returns the current weights of the discriminators; none without one, or if they are not finite."""
        if self.learner.game is None:
            return []
        weights = self.learner.game.discriminator_weights()
        return weights if all(np.isfinite(array).all() for array in weights) else []

    def batch(self, step: int) -> np.ndarray:
        """Returns the images of a step, `(batch, ...) uint8`: mirrored and binarized at random, as set."""
        images = self.source[self.rows[self.batches.at(step)]]
        rng = np.random.default_rng([self.settings.seed, 1, step])
        if self.settings.flip:
            mirrored = rng.random(len(images)) < 0.5
            images[mirrored] = images[mirrored, :, ::-1]
        return codes.binarize(images, rng) if self.settings.likelihood == "binary" else images

    def images(self) -> np.ndarray:
        """Returns samples of the EMA weights from fixed latents."""
        return codes.decode(
            self._averaged_vae(), stages.draw_latents(2 * PREVIEW_COLUMNS, self.settings.latent_dim)
        )

    def _averaged_vae(self) -> Vae:
        """Returns the tester's network with the EMA weights.

        Several devices may share the trained network, so a preview cannot assign to it.
        """
        self.tester.vae.set_weights(self.ema.arrays)
        return self.tester.vae

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Returns the validation loss of the EMA weights; keeps the weights if it is the lowest so far.

        With a discriminator, keeps the latest weights: pixel losses do not measure sharpness.
        """
        self.tester.vae.set_weights(self.ema.arrays)
        self.tester.draws.state.assign(self._fresh)  # the same noise in each test
        parts, sizes = [], []
        for at in range(0, len(self.test_images), TEST_BATCH):
            batch = self.test_images[at : at + TEST_BATCH]
            parts.append(self.tester.test_on_batch(batch, return_dict=True))
            sizes.append(len(batch))
        metrics = {
            name: float(np.average([part[name] for part in parts], weights=sizes))
            for name in ("reconstruction", "kl", "charged")
        }
        loss = metrics["reconstruction"] + self.settings.beta * metrics["charged"]
        if loss < self.lowest or (self.settings.adversarial and math.isfinite(loss)):
            self.lowest, self.best = loss, copy_arrays(self.ema.arrays)
        return {"validation": loss, "validation kl": metrics["kl"]}

    def sheet(self) -> np.ndarray:
        """Returns validation images, each above its reconstruction, and two rows of samples."""
        return draw_sheet(self._averaged_vae(), self.test_images[:PREVIEW_COLUMNS], self.settings)

    def finish(self, progress: Progress) -> None:
        """Loads the best weights into the result."""
        if not math.isfinite(self.lowest):
            raise divergence_error()
        self.result = self.tester.vae
        self.result.set_weights(self.best)


def draw_sheet(vae: Vae, images: np.ndarray, settings: TrainVaeSettings) -> np.ndarray:
    """Returns a preview, `(H, W, 3) uint8`: images, their reconstructions, and twice as many samples.

    Args:
        images: `(k, size, size, C) uint8`.
    """
    latents = codes.encode(vae, images)[0]
    random_latents = stages.draw_latents(2 * len(images), settings.latent_dim)
    decoded = codes.decode(vae, np.concatenate([latents, random_latents]))
    return make_grid(np.concatenate([images, decoded]), columns=len(images))
