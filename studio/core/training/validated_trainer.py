"""Trains a generator with EMA weights; keeps those with the lowest validation loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, start_from
from studio.core.training.batches import Batches
from studio.core.training.loss_model import JIT_COMPILE
from studio.core.training.precision import use_precision
from studio.core.training.trainer import Trainer, copy_arrays, divergence_error

# Validation images of a test during training: about a second, in which a user cannot stop it.
MAX_TEST_IMAGES = 500
TEST_BATCH = 125


class ValidatedTrainer(Trainer):
    """A training run. A subclass builds the `LossModel` and makes its inputs.

    Args:
        images: `(n, size, size, C) uint8`.
        train_rows: rows of `images` to train on.
        settings: of the network and the training.
        run: stores checkpoints.
        start: the weights to start from, or None.

    Attributes:
        shape_settings: names of the settings that decide the shape of the network, in words.
        result: the network with the EMA weights of the lowest validation loss.

    Raises:
        StudioError: if `start` has another shape; raised by `fit` if no test had a finite loss.
    """

    draws_stages = True
    saved_arrays = ("best",)
    saved_notes = ("lowest",)
    shape_settings = ""

    def __init__(
        self,
        images: np.ndarray,
        train_rows: np.ndarray,
        settings: Any,
        run: checkpoints.Run | None = None,
        start: Any = None,
    ):
        super().__init__(settings.steps, settings.test_every, run)
        self.images, self.train_rows, self.settings = images, train_rows, settings
        with parallel.use_all_devices(), use_precision(settings.precision):
            self.loss_model = self.build_loss_model()
            self.loss_model.compile_with_schedule()
            if start:
                with start_from.check_weight_shapes(self.shape_settings, "model"):
                    self.load_start_weights(start)
        # Several devices may share the trained network, so tests and previews assign to one of their own.
        self.tester = self.build_tester()
        self.tester.compile(jit_compile=JIT_COMPILE)
        self._test_seed_state = np.asarray(self.tester.seed_generator.state).copy()
        self.batches = Batches(len(train_rows), settings.batch, settings.seed)
        self.lowest = math.inf
        self.track(self.loss_model, self.loss_model.network, settings.ema_steps)
        self.best = copy_arrays(self.ema.arrays)

    def build_loss_model(self) -> Any:
        """Builds a new `LossModel` with its `network` and `seed_generator`."""
        raise NotImplementedError

    def build_tester(self) -> Any:
        """Builds the `LossModel` of the tests."""
        return self.build_loss_model()

    def load_start_weights(self, start: Any) -> None:
        """Sets the weights to start from."""
        self.loss_model.network.set_weights(start)

    def select_batch(self, step: int) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
        """Returns the rows of a step, their images, mirrored at random as set, and its random generator."""
        rows = self.train_rows[self.batches.select_rows(step)]
        images, rng = self.images[rows], np.random.default_rng([self.settings.seed, 1, step])
        if self.settings.flip:
            mirrored = rng.random(len(images)) < 0.5
            images[mirrored] = images[mirrored, :, ::-1]
        return rows, images, rng

    def load_ema_weights(self) -> Any:
        """Sets the tester's network to the EMA weights and returns it."""
        self.tester.network.set_weights(self.ema.arrays)
        return self.tester.network

    def make_test_batch(self, rows: slice) -> Any:
        """Returns the inputs of the `LossModel` for a part of the validation images."""
        raise NotImplementedError

    def measure_losses(self, count: int) -> dict[str, float]:
        """Returns the mean losses of the EMA weights on `count` validation images, by name."""
        self.load_ema_weights()
        self.tester.seed_generator.state.assign(self._test_seed_state)  # the same noise in each test
        parts = [slice(at, min(at + TEST_BATCH, count)) for at in range(0, count, TEST_BATCH)]
        losses = [self.tester.test_on_batch(self.make_test_batch(part), return_dict=True) for part in parts]
        sizes = [part.stop - part.start for part in parts]
        return {name: float(np.average([part[name] for part in losses], weights=sizes)) for name in losses[0]}

    def keep_weights_of(self, loss: float, is_best: bool) -> Mapping[str, float]:
        """Keeps the EMA weights if they are the best so far. Returns the metrics for the curves."""
        if is_best:
            self.lowest, self.best = loss, copy_arrays(self.ema.arrays)
        return {"validation": loss}

    def finish(self, progress: Progress) -> None:
        """Sets `result` to the best weights. Raises `StudioError` if no test had a finite loss."""
        if not math.isfinite(self.lowest):
            raise divergence_error()
        self.result = self.tester.network
        self.result.set_weights(self.best)
