"""Training a diffusion model; keeps the weights with the lowest validation loss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from studio.core.imaging.grids import make_grid
from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, stages, start_from
from studio.core.training.batches import Batches, select_evenly_spaced
from studio.core.training.loss_model import JIT_COMPILE
from studio.core.training.precision import use_precision
from studio.core.training.trainer import Trainer as BaseTrainer
from studio.core.training.trainer import copy_arrays, divergence_error
from studio.diffusion import sampler
from studio.diffusion.model import FlowLoss, Unet
from studio.diffusion.settings import TrainDiffusionSettings

MAX_TEST_IMAGES = 500  # of a test during training
TEST_BATCH = 125
PREVIEW_IMAGES = 16
PREVIEW_STEPS = 10  # denoising steps of a preview


class Trainer(BaseTrainer):
    """A training run.

    Args:
        images: `(n, size, size, C) uint8`.
        labels: class of each image, `(n,)`; None for a model without classes.
        class_count: number of classes; 0 without.
        train_rows, validation_rows: rows of `images` to train on and to choose the weights by.
        settings: of the U-Net and its training.
        run: stores checkpoints.
        start: weights of a trained model to start from.

    Attributes:
        result: the U-Net with the EMA weights of the lowest validation loss.

    Raises:
        StudioError: if `start` has another shape; raised by `fit` if no test had a finite loss.
    """

    preview_every = 200
    draws_stages = True
    saved_arrays = ("best",)
    saved_notes = ("lowest",)

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
        super().__init__(settings.steps, settings.test_every, run)
        self.images, self.train_rows, self.settings = images, train_rows, settings
        self.labels = np.zeros(len(images), "int32") if labels is None else labels.astype("int32")
        self.class_count = class_count
        self.test_rows = select_evenly_spaced(validation_rows, MAX_TEST_IMAGES)
        with parallel.use_all_devices(), use_precision(settings.precision):
            self.loss_model = FlowLoss(settings, class_count)
            self.loss_model.compile_with_schedule()
        if start:
            with start_from.check_weight_shapes("size, colors, width and classes", "model"):
                self.loss_model.unet.set_weights(start)
        self.tester = FlowLoss(settings, class_count)
        self.tester.compile(jit_compile=JIT_COMPILE)
        self._test_seed_state = np.asarray(self.tester.seed_generator.state).copy()
        self.batches = Batches(len(train_rows), settings.batch, settings.seed)
        self.lowest = math.inf
        self.track(self.loss_model, self.loss_model.unet, settings.ema_steps)
        self.best = copy_arrays(self.ema.arrays)

    def make_batch(self, step: int) -> dict[str, np.ndarray]:
        """Returns the "images" `(batch, ...) uint8` of a step, mirrored at random, and their "labels"."""
        rows = self.train_rows[self.batches.select_rows(step)]
        images = self.images[rows]
        if self.settings.flip:
            mirrored = np.random.default_rng([self.settings.seed, 1, step]).random(len(images)) < 0.5
            images[mirrored] = images[mirrored, :, ::-1]
        return {"images": images, "labels": self.labels[rows]}

    def _load_ema_weights(self) -> Unet:
        """Sets the tester's network to the EMA weights and returns it.

        Several devices may share the trained network, so a preview cannot assign to it.
        """
        self.tester.unet.set_weights(self.ema.arrays)
        return self.tester.unet

    def generate_images(self) -> np.ndarray:
        """Generates samples with the EMA weights, always from the same noise."""
        z = stages.draw_latents(PREVIEW_IMAGES, math.prod(self.settings.shape))
        return generate_images(self._load_ema_weights(), z, PREVIEW_STEPS)

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Returns the validation loss of the EMA weights; keeps the weights if it is the lowest so far.

        It rises once the model memorizes its training images.
        """
        self._load_ema_weights()
        self.tester.seed_generator.state.assign(self._test_seed_state)  # the same noise in each test
        losses, sizes = [], []
        for at in range(0, len(self.test_rows), TEST_BATCH):
            rows = self.test_rows[at : at + TEST_BATCH]
            batch = {"images": self.images[rows], "labels": self.labels[rows]}
            losses.append(self.tester.test_on_batch(batch, return_dict=True)["loss"])
            sizes.append(len(rows))
        loss = float(np.average(losses, weights=sizes))
        if loss < self.lowest:
            self.lowest, self.best = loss, copy_arrays(self.ema.arrays)
        return {"validation": loss}

    def draw_sheet(self) -> np.ndarray:
        """Draws samples of the EMA weights."""
        return make_grid(self.generate_images())

    def finish(self, progress: Progress) -> None:
        """Sets `result` to the best weights. Raises `StudioError` if no test had a finite loss."""
        if not math.isfinite(self.lowest):
            raise divergence_error()
        self.result = self.tester.unet
        self.result.set_weights(self.best)


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
