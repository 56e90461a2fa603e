"""The training loop of all models: batches, steps, tests, checkpoints, early stopping.

A run is repeatable: its batches depend on the seed and the step alone, so a run that was killed and resumed
from its last checkpoint ends with the weights of an uninterrupted one.

Not Keras' `fit`: it costs about the same (0.99 times the processor time of this loop for text, 1.02 for a VAE
and a DCGAN), but `BackupAndRestore` resumes at the start of an epoch. Killed within one, it repeats batches
that the restored weights have already learned from. On JAX, `fit` also takes the variables away from the
model between two callbacks, while EMA, previews, tests and checkpoints need them at any step.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from studio.core import capacity
from studio.core.errors import Cancelled, StudioError
from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel
from studio.core.training.curves import Curves
from studio.core.training.ema import Ema
from studio.core.training.stages import Stages

if TYPE_CHECKING:
    import keras

REPORT_SECONDS = 0.1


class Trainer:
    """A training run. A subclass adds the data, the tests and the result.

    Args:
        steps: number of steps.
        test_every: steps between tests; the last step is also tested.
        run: where checkpoints go; None saves none.

    Attributes:
        preview_every: least number of steps between two previews.
        loss_names: the outputs of `train_on_batch` to record as curves.
        draws_stages: whether `generate_images` are saved as stages.
        saved_arrays: names of attributes, lists of arrays, that a checkpoint holds besides model, optimizer
            and EMA.
        saved_notes: names of attributes, plain data, that a checkpoint holds.
        result: the trained model with the weights to keep; set by `finish`.
        stop_reason: "" after all steps, else why the run ended early: "cancelled", "nan" or a reason from
            `early_stop`.
    """

    preview_every = 50
    loss_names: tuple[str, ...] = ("loss",)
    draws_stages = False
    saved_arrays: tuple[str, ...] = ()
    saved_notes: tuple[str, ...] = ()
    result: keras.Model

    def __init__(self, steps: int, test_every: int, run: checkpoints.Run | None = None):
        self.steps, self.test_every, self.run = steps, test_every, run
        self.step, self.curves, self.stop_reason = 0, Curves(), ""
        self.loss_sums: dict[str, float] = {}
        self.steps_since_test = 0
        self.logs: Mapping[str, Any] = {}
        # Several processes share their networks, so one of them cannot generate images alone.
        self.stages = Stages(steps) if self.draws_stages and parallel.count_processes() == 1 else None
        self._sheet: tuple[int, np.ndarray] | None = None

    def track(self, model: keras.Model, network: keras.Model, ema_steps: int, ema_every: int = 5) -> None:
        """Sets the model to train, and starts its EMA.

        Args:
            model: the compiled model that takes the steps.
            network: the part of it that the EMA covers.
            ema_steps: see `Ema`.
            ema_every: see `Ema`.
        """
        self.model, self.network = model, network
        self.ema = Ema(network.get_weights(), ema_steps, ema_every)

    def make_batch(self, step: int) -> Any:
        """Returns the inputs of `train_on_batch` at a step. They must depend only on seed and step."""
        raise NotImplementedError

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Evaluates the model, and keeps its weights if they are the best. Returns metrics by name."""
        raise NotImplementedError

    def finish(self, progress: Progress) -> None:
        """Sets `result` and its scores, once training has ended."""

    def early_stop(self) -> str:
        """Returns why training should end now, or "". Called before the first step and after each test."""
        return ""

    def generate_images(self) -> np.ndarray:
        """Generates the images of a stage, `(n, side, side, C) uint8`, always from the same latents."""
        raise NotImplementedError

    def measure_stage(self) -> Mapping[str, float]:
        """Measures the metrics to store with a stage, in addition to the losses."""
        return {}

    def draw_sheet(self) -> np.ndarray:
        """Draws the model's current samples, `(H, W, 3) uint8`."""
        raise NotImplementedError

    def draw_preview(self) -> np.ndarray:
        """Returns a result of `draw_sheet` that is at most `preview_every` steps old."""
        if self._sheet is None or self.step - self._sheet[0] >= self.preview_every:
            self._sheet = self.step, self.draw_sheet()
        return self._sheet[1]

    def make_report_arguments(self) -> dict[str, Any]:
        """Returns arguments for `Progress.report`: a preview, computed when one is due, or a text."""
        return {"preview": self.draw_preview}

    @contextmanager
    def use_ema_weights(self) -> Iterator[None]:
        """Gives the network its EMA weights while the context is open."""
        trained = self.network.get_weights()
        self.network.set_weights(self.ema.arrays)
        try:
            yield
        finally:  # a checkpoint must not save the EMA as the trained weights
            self.network.set_weights(trained)

    def advance(self) -> Mapping[str, float]:
        """Takes one step. Returns the losses by name, as means since the last test."""
        return self.train_on(self.make_batch(self.step))

    def train_on(self, inputs: Any, targets: Any = None) -> Mapping[str, float]:
        """Takes one step on a batch, updates the EMA and adds a stage if one is due. See `advance`."""
        self.logs = self.take_step(inputs, targets)
        if self.ema.is_due(self.step + 1):
            self.ema.update(self.network.get_weights(), self.step + 1)
        losses = self.add_losses({name: self.logs[name] for name in self.loss_names if name in self.logs})
        if self.stages is not None and self.stages.is_due(self.step + 1):
            self.stages.add(self.step + 1, self.generate_images(), {**losses, **self.measure_stage()})
        return losses

    def take_step(self, inputs: Any, targets: Any) -> Mapping[str, Any]:
        """Takes one step on all devices. Returns the losses and metrics by name."""
        return parallel.train_step(self.model, inputs, targets, return_dict=True)

    def add_losses(self, losses: Mapping[str, Any]) -> dict[str, float]:
        """Adds the losses of a step. Returns the means since the last test."""
        self.steps_since_test += 1
        for name, loss in losses.items():
            self.loss_sums[name] = self.loss_sums.get(name, 0.0) + float(loss)
        return self._compute_mean_losses()

    def _compute_mean_losses(self) -> dict[str, float]:
        return {name: total / self.steps_since_test for name, total in self.loss_sums.items()}

    def fit(self, progress: Progress | None = None) -> Self:
        """Trains from the last checkpoint to the end.

        Raises:
            Cancelled: if the user stopped it before the first step.
            InsufficientSpace: if the disk is too small for the checkpoints and the model.
            StudioError: if a loss was not finite before the first test.
        """
        progress = progress or Progress()
        self._check_disk()
        self._resume()
        try:
            self.stop_reason = self._train(progress)
        except Cancelled:
            if not self.step:
                raise
            self.stop_reason = "cancelled"
        if self.stop_reason != "nan":
            self.save()
        elif not self.curves.steps:
            raise divergence_error()
        if self.needs_test():
            self._run_test(self._compute_mean_losses(), Progress())
        self.finish(progress)
        return self

    def needs_test(self) -> bool:
        """Returns whether a final test is needed to have weights to keep."""
        return not self.curves.steps

    def _train(self, progress: Progress) -> str:
        started_at, saved_at, reported_at = time.monotonic() - self.curves.seconds, time.monotonic(), 0.0
        losses: Mapping[str, float] = self._compute_mean_losses()
        cancelable, progress = progress, parallel.defer_cancel(progress)
        self._report_progress(losses, progress)
        # The user may have stopped the run during this test.
        is_test_missing = self._is_test_due() and self.curves.steps[-1:] != [self.step]
        if reason := self._run_test(losses, progress) if is_test_missing else self.early_stop():
            return reason
        while self.step < self.steps:
            losses = self.advance()
            if not all(map(math.isfinite, losses.values())):
                return "nan"
            self.step += 1
            self.curves.seconds = time.monotonic() - started_at
            if self._is_test_due() and (reason := self._run_test(losses, progress)):
                return reason
            if time.monotonic() - saved_at > checkpoints.CHECKPOINT_SECONDS:
                self.save()
                saved_at = time.monotonic()
            if time.monotonic() - reported_at > REPORT_SECONDS or self.step == self.steps:
                reported_at = time.monotonic()
                self._report_progress(losses, progress)
            parallel.stop_together(cancelable, self.step)
        return ""

    def _report_progress(self, losses: Mapping[str, float], progress: Progress) -> None:
        latest = {name: values[-1] for name, values in self.curves.metrics.items() if values}
        tests = len(self.curves.steps)
        progress.report(
            self.step, self.steps, {**losses, **latest}, **self.make_report_arguments(), tests=tests
        )

    def _is_test_due(self) -> bool:
        return self.step > 0 and (self.step % self.test_every == 0 or self.step == self.steps)

    def _run_test(self, losses: Mapping[str, float], progress: Progress) -> str:
        """Runs a test and records its metrics. Returns why training should end now, or ""."""
        self.curves.add(self.step, losses, self.test(progress.without_listener()))
        self.loss_sums, self.steps_since_test = {}, 0
        return self.early_stop()

    def collect_arrays(self) -> dict[str, Sequence[Any]]:
        """Returns all arrays of a checkpoint, by name."""
        return {
            "model": self.model.variables,
            "optimizer": self.model.optimizer.variables,
            "ema": self.ema.arrays,
            "stage": self.stages.grids if self.stages else [],
            **{name: getattr(self, name) for name in self.saved_arrays},
        }

    def save(self) -> None:
        """Saves a checkpoint, if there is a run."""
        if self.run is None:
            return
        arrays: dict[str, np.ndarray] = {}
        for name, variables in self.collect_arrays().items():
            arrays |= checkpoints.copy_variables(name, variables)
        notes = {"curves": asdict(self.curves), "sums": self.loss_sums, "since": self.steps_since_test}
        notes |= {name: getattr(self, name) for name in self.saved_notes}
        notes["stages"] = self.stages.metrics if self.stages else {}
        self.run.save(checkpoints.Checkpoint(self.step, arrays, notes))

    def _resume(self) -> None:
        checkpoint = self.run.load() if self.run else None
        if checkpoint is not None:
            self.restore(checkpoint)
        parallel.check_same_step(self.step)

    def restore(self, checkpoint: checkpoints.Checkpoint) -> None:
        """Restores a checkpoint. Raises `StudioError` if it belongs to another model."""
        notes, arrays = checkpoint.notes, checkpoint.arrays
        self.step, self.curves = checkpoint.step, Curves(**notes["curves"])
        self.loss_sums, self.steps_since_test = dict(notes["sums"]), notes["since"]
        self.restore_model(arrays)
        for name in self.saved_arrays:
            setattr(self, name, _select_arrays(name, len(getattr(self, name)), arrays))
        for name in self.saved_notes:
            setattr(self, name, notes[name])
        if self.stages is not None:
            metrics = notes["stages"]  # empty if several processes trained
            self.stages.restore(_select_arrays("stage", len(metrics.get("steps", ())), arrays), metrics)

    def restore_model(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restores model, optimizer and EMA from a checkpoint."""
        checkpoints.restore_variables("model", self.model.variables, arrays)
        checkpoints.restore_variables("optimizer", self.model.optimizer.variables, arrays)
        self.ema.arrays = _select_arrays("ema", len(self.ema.arrays), arrays)

    def _check_disk(self) -> None:
        """Raises `InsufficientSpace` if the disk has too little space for checkpoints and model."""
        if self.run is not None and self.run.may_write:
            saved_arrays = (
                checkpoints.copy_variables(name, variables).values()
                for name, variables in self.collect_arrays().items()
            )
            checkpoint_bytes = sum(array.nbytes for arrays in saved_arrays for array in arrays)
            # The checkpoints, one more while it is being written, and the model: its weights and its zip.
            needed_bytes = checkpoint_bytes * (checkpoints.CHECKPOINTS_TO_KEEP + 3) - self.run.size_bytes
            capacity.check_disk(needed_bytes, "This training with its checkpoints and its model")


def divergence_error() -> StudioError:
    """Returns the error for a loss that was not finite before the first test."""
    return StudioError("A loss was not finite before the first test. Choose a smaller learning rate.")


def copy_arrays(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Copies weights, because training changes the originals."""
    return [array.copy() for array in arrays]


def _select_arrays(name: str, count: int, arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    return [arrays[f"{name}{n}"].copy() for n in range(count)]
