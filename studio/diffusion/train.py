"""Training a diffusion model; keeps the weights with the lowest validation loss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from studio.core.imaging.grids import make_grid
from studio.core.progress import Progress
from studio.core.training import checkpoints, stages
from studio.core.training.batches import select_evenly_spaced
from studio.core.training.validated_trainer import MAX_TEST_IMAGES, ValidatedTrainer
from studio.diffusion import sampler
from studio.diffusion.model import FlowLoss, Unet
from studio.diffusion.settings import TrainDiffusionSettings

PREVIEW_IMAGES = 16
PREVIEW_STEPS = 10  # denoising steps of a preview


class Trainer(ValidatedTrainer):
    """A training run; see `ValidatedTrainer`.

    Args:
        labels: class of each image, `(n,)`; None for a model without classes.
        class_count: number of classes; 0 without.
        validation_rows: rows of `images` to choose the weights by.
        start: weights of a trained model to start from.
    """

    preview_every = 200
    shape_settings = "size, colors, width and classes"

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray | None,
        class_count: int,
        train_rows: np.ndarray,
        validation_rows: np.ndarray,
        settings: TrainDiffusionSettings,
        run: checkpoints.Run | None = None,
        start: Sequence[np.ndarray] | None = None,
    ):
        self.labels = np.zeros(len(images), "int32") if labels is None else labels.astype("int32")
        self.class_count = class_count
        self.test_rows = select_evenly_spaced(validation_rows, MAX_TEST_IMAGES)
        super().__init__(images, train_rows, settings, run, start)

    def build_loss_model(self) -> FlowLoss:
        """Builds the U-Net with its loss."""
        return FlowLoss(self.settings, self.class_count)

    def make_batch(self, step: int) -> dict[str, np.ndarray]:
        """Returns the "images" `(batch, ...) uint8` of a step, mirrored at random, and their "labels"."""
        rows, images, _ = self.select_batch(step)
        return {"images": images, "labels": self.labels[rows]}

    def make_test_batch(self, rows: slice) -> dict[str, np.ndarray]:
        """Returns a part of the validation "images" and their "labels"."""
        return {"images": self.images[self.test_rows[rows]], "labels": self.labels[self.test_rows[rows]]}

    def generate_images(self) -> np.ndarray:
        """Generates samples with the EMA weights, always from the same noise."""
        z = stages.draw_latents(PREVIEW_IMAGES, math.prod(self.settings.shape))
        return generate_images(self.load_ema_weights(), z, PREVIEW_STEPS)

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Returns the validation loss of the EMA weights; keeps the weights if it is the lowest so far.

        It rises once the model memorizes its training images.
        """
        loss = self.measure_losses(len(self.test_rows))["loss"]
        return self.keep_weights_of(loss, is_best=loss < self.lowest)

    def draw_sheet(self) -> np.ndarray:
        """Draws samples of the EMA weights."""
        return make_grid(self.generate_images())


def generate_images(
    model: Unet, z: np.ndarray, steps: int, labels: np.ndarray | None = None, progress: Progress | None = None
) -> np.ndarray:
    """Generates images with a Keras model, without guidance.

    Args:
        model: the U-Net.
        z: noise, `(n, size * size * C)`.
        steps: denoising steps.
        labels: class of each image, `(n,)`; None for one class after the other.
        progress: checked for cancellation.

    Returns:
        `(n, size, size, C) uint8`.
    """
    if labels is None:
        labels = np.arange(len(z)) % max(1, model.class_count)
    velocity = partial(
        sampler.guide, model.predict_velocity, labels=labels, no_class=model.class_count, guidance=1.0
    )
    images = z.reshape(-1, *model.settings.shape)
    for x, _ in sampler.iterate_steps(velocity, images, steps):
        images = x
        if progress is not None:
            progress.check()
    return sampler.to_uint8(images)
