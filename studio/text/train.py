"""Training on a text: truncated backpropagation through time, with the state carried from batch to batch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from studio.core.progress import Progress
from studio.core.training import checkpoints, optimizers, parallel
from studio.core.training.precision import use_precision
from studio.core.training.trainer import Trainer as BaseTrainer
from studio.core.training.trainer import copy_arrays, divergence_error
from studio.text import cross_entropy, model, write
from studio.text.batches import Plan, iterate_batches, make_plan
from studio.text.networks import build_network
from studio.text.settings import TrainTextSettings, WriteSettings
from studio.text.start_from import inherit_weights
from studio.text.vocabulary import Vocabulary

TRAINING, VALIDATION = "learning", "validation"  # losses in nats per character
MAX_VALIDATION_CHARS = 200_000  # characters of the validation split that each test during training reads
TEST_STREAMS = 64
SAMPLE_CHARS = 300
MIN_TESTS = 20


class Trainer(BaseTrainer):
    """A training run.

    Args:
        plan: the splits of the text and the shape of its batches.
        vocabulary: characters of the text.
        settings: shape, dropout, learning rates.
        run: where checkpoints are saved; None saves none.
        start: weights and vocabulary of a trained model to start from; new characters start fresh.

    Attributes:
        result: the network with the EMA weights of the lowest validation loss.
        samples: the sample of each test.

    Raises:
        InvalidInput: if the model to start from has another shape.
        StudioError: by `fit` if no test gave a finite loss.
    """

    loss_names = (TRAINING,)
    saved_arrays = ("best",)
    saved_notes = ("samples",)

    def __init__(
        self,
        plan: Plan,
        vocabulary: Vocabulary,
        settings: TrainTextSettings,
        run: checkpoints.Run | None = None,
        start: tuple[Sequence[np.ndarray], Vocabulary] | None = None,
    ):
        super().__init__(plan.steps, max(1, plan.steps // max(MIN_TESTS, plan.epochs)), run)
        self.plan, self.vocabulary, self.settings = plan, vocabulary, settings
        with parallel.use_all_devices(), use_precision(settings.effective_precision):
            self.character_model = model.build_model(settings, len(vocabulary))
            self.stateful_model = model.StatefulModel(self.character_model, plan.streams)
            self.stateful_model.compile(
                _build_optimizer(settings, plan.steps),
                keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            )
            self.stateful_model.optimizer.build(self.stateful_model.trainable_variables)
        self.samples: list[str] = []
        self._batches: Iterator[tuple[bool, np.ndarray, np.ndarray]] | None = None
        if start:
            weights, old_vocabulary = start
            self.character_model.set_weights(
                inherit_weights(
                    self.character_model.get_weights(), weights, old_vocabulary, vocabulary, settings
                )
            )
        self.track(self.stateful_model, self.character_model, round(settings.ema_share * plan.steps))
        self.best = copy_arrays(self.ema.arrays)

    @property
    def lowest(self) -> float:
        """Returns the lowest validation loss in nats per character; infinite before the first test."""
        return min(filter(math.isfinite, self.curves.metrics.get(VALIDATION, ())), default=math.inf)

    def advance(self) -> Mapping[str, float]:
        """Trains on the next batch and returns its losses."""
        if self._batches is None:
            self._batches = iterate_batches(self.plan, self.settings.seed, self.step)
        starts_epoch, inputs, targets = next(self._batches)
        if starts_epoch:
            self.stateful_model.reset_states()
        return self.train_on(inputs, targets)

    def take_step(self, inputs: Any, targets: Any) -> Mapping[str, Any]:
        """Takes one step and returns its loss in nats per character."""
        return {TRAINING: super().take_step(inputs, targets)["loss"]}

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Scores the EMA weights on the validation split, keeps them if they are the best, adds a sample."""
        network = build_network(self.ema.arrays, self.settings)
        indices = self.plan.validation[:MAX_VALIDATION_CHARS]
        streams = max(1, min(TEST_STREAMS, len(indices) // 256))
        loss = parallel.broadcast(cross_entropy.score(network, indices, streams, progress).nats_per_char)
        if loss < self.lowest:
            self.best = copy_arrays(self.ema.arrays)
        write_settings = WriteSettings(chars=SAMPLE_CHARS, seed=self.settings.seed)
        self.samples.append(write.write(network, self.vocabulary, write_settings)[0].text)
        return {VALIDATION: loss}

    def early_stop(self) -> str:
        """Returns "patience" after so many tests without a lower validation loss, which ends the run."""
        tests = self.curves.metrics.get(VALIDATION, [])
        best = tests.index(self.lowest) if self.lowest < math.inf else -1
        return "patience" if 0 < self.settings.patience <= len(tests) - 1 - best else ""

    def make_report_arguments(self) -> dict[str, Any]:
        """Returns the sample of the last test."""
        return {"text": self.samples[-1] if self.samples else ""}

    def finish(self, progress: Progress) -> None:
        """Restores the best weights. Raises `StudioError` if no test gave a finite loss."""
        if not math.isfinite(self.lowest):
            raise divergence_error()
        self.result = self.character_model
        self.result.set_weights(self.best)


def _build_optimizer(settings: TrainTextSettings, steps: int) -> keras.optimizers.Optimizer:
    """Returns AdamW without weight decay on biases and on the scales of normalizations."""
    rate = optimizers.make_schedule(settings.learning_rate, steps, settings.warmup_steps)
    optimizer = optimizers.adamw(rate, weight_decay=settings.weight_decay, global_clipnorm=1.0, epsilon=1e-8)
    optimizer.exclude_from_weight_decay(var_names=["bias", "scale"])
    return optimizer


def train(
    text: str,
    settings: TrainTextSettings,
    progress: Progress | None = None,
    run: checkpoints.Run | None = None,
    start: tuple[Sequence[np.ndarray], Vocabulary] | None = None,
) -> Trainer:
    """Trains a language model on a text.

    Args:
        text: the text; its end is held out for validation and test, see `make_plan`.
        settings: see `TrainTextSettings`.
        progress: receives losses in nats per character, and samples.
        run, start: see `Trainer`.

    Returns:
        The finished run. Its `result` has the lowest validation loss, also if the user stopped it.

    Raises:
        StudioError: if the start model or a checkpoint has another shape, or a loss was not finite
            before the first test.
        Cancelled: if the user stopped it before the first step.

    Reference:
        Graves 2013, arXiv:1308.0850; Loshchilov and Hutter 2019, arXiv:1711.05101.
    """
    vocabulary = Vocabulary.of(text)
    plan = make_plan(vocabulary.encode(text).indices, settings)
    return Trainer(plan, vocabulary, settings, run, start).fit(progress)
