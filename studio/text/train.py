"""Training on a text: truncated backpropagation through time, with the state carried from batch to batch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from studio.core.progress import Progress
from studio.core.training import checkpoints, optimizers, parallel
from studio.core.training.trainer import Trainer as BaseTrainer
from studio.core.training.trainer import copies, diverged
from studio.text import cross_entropy, model, write
from studio.text.batches import Plan, batches, plan
from studio.text.numpy_network import Network
from studio.text.settings import TrainTextSettings, WriteSettings
from studio.text.start_from import inherited
from studio.text.vocabulary import Vocabulary

LEARNING, VALIDATION = "learning", "validation"  # losses in nats per character
MOST_TESTED = 200_000  # characters of the validation part that the tests on the way read
TEST_STREAMS = 64
SAMPLE_CHARS = 300
LEAST_TESTS = 20


class Trainer(BaseTrainer):
    """A training run.

    Args:
        chosen: how the text is read.
        vocabulary: its characters.
        settings: shape, dropout, rates.
        run: where checkpoints go; None for none.
        start: weights and characters of a trained model to start from; other characters begin afresh.

    Attributes:
        result: the network with the EMA weights of the lowest validation loss.
        samples: what it wrote at each test.

    Raises:
        InvalidInput: if the start has another shape.
        StudioError: by `fit` if no test gave a finite loss.
    """

    loss_names = (LEARNING,)
    saved_arrays = ("best",)
    saved_notes = ("samples",)

    def __init__(
        self,
        chosen: Plan,
        vocabulary: Vocabulary,
        settings: TrainTextSettings,
        run: checkpoints.Run | None = None,
        start: tuple[Sequence[np.ndarray], Vocabulary] | None = None,
    ):
        super().__init__(chosen.steps, max(1, chosen.steps // max(LEAST_TESTS, chosen.epochs)), run)
        self.plan, self.vocabulary, self.settings = chosen, vocabulary, settings
        with parallel.on_all_devices():
            self.core = model.build(settings, len(vocabulary))
            self.streams = model.Streams(self.core, chosen.streams)
            self.streams.compile(
                _optimizer(settings, chosen.steps),
                keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            )
            self.streams.optimizer.build(self.streams.trainable_variables)
        self.samples: list[str] = []
        self._batches: Iterator[tuple[bool, np.ndarray, np.ndarray]] | None = None
        if start:
            fresh, (weights, known) = self.core.get_weights(), start
            self.core.set_weights(inherited(fresh, weights, known, vocabulary, settings.tied))
        self.track(self.streams, self.core, round(settings.ema_share * chosen.steps))
        self.best = copies(self.ema.arrays)

    @property
    def lowest(self) -> float:
        """The best loss on the validation part; infinite before the first test."""
        return min(filter(math.isfinite, self.curves.tests.get(VALIDATION, ())), default=math.inf)

    def advance(self) -> Mapping[str, float]:
        """One batch, one step."""
        if self._batches is None:
            self._batches = batches(self.plan, self.settings.seed, self.step)
        fresh, inputs, wanted = next(self._batches)
        if fresh:
            self.streams.forget()
        return self.train_on(inputs, wanted)

    def take_step(self, inputs: Any, targets: Any) -> Mapping[str, Any]:
        """Takes one step. Returns its loss, in nats per character."""
        return {LEARNING: super().take_step(inputs, targets)["loss"]}

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Scores the averaged weights on the validation part, keeps them if they are the best, and writes."""
        network = Network(self.ema.arrays, self.settings.cell, self.settings.tied)
        part = self.plan.validation[:MOST_TESTED]
        streams = max(1, min(TEST_STREAMS, len(part) // 256))
        found = parallel.broadcast(cross_entropy.score(network, part, streams, progress).nats_per_char)
        if found < self.lowest:
            self.best = copies(self.ema.arrays)
        wish = WriteSettings(chars=SAMPLE_CHARS, seed=self.settings.seed)
        self.samples.append(write.write(network, self.vocabulary, wish)[0].text)
        return {VALIDATION: found}

    def early_stop(self) -> str:
        """Early stopping: ends training after `patience` tests without a lower validation loss."""
        tests = self.curves.tests.get(VALIDATION, [])
        best = tests.index(self.lowest) if self.lowest < math.inf else -1
        return "patience" if 0 < self.settings.patience <= len(tests) - 1 - best else ""

    def sample(self) -> dict[str, Any]:
        """The sample of the last test."""
        return {"text": self.samples[-1] if self.samples else ""}

    def finish(self, progress: Progress) -> None:
        """Takes the best weights."""
        if not math.isfinite(self.lowest):
            raise diverged()
        self.result = self.core
        self.result.set_weights(self.best)


def _optimizer(settings: TrainTextSettings, steps: int) -> keras.optimizers.Optimizer:
    """AdamW; biases do not decay."""
    rate = optimizers.schedule(settings.learning_rate, steps, settings.warmup_steps)
    optimizer = optimizers.adamw(rate, weight_decay=settings.weight_decay, global_clipnorm=1.0, epsilon=1e-8)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def train(
    text: str,
    settings: TrainTextSettings,
    progress: Progress | None = None,
    run: checkpoints.Run | None = None,
    start: tuple[Sequence[np.ndarray], Vocabulary] | None = None,
) -> Trainer:
    """Trains a model on a text.

    Args:
        text: its end is kept for validation and to test on, see `plan`.
        settings: see `TrainTextSettings`.
        progress: told the losses in nats per character, and shown what the model writes.
        run, start: see `Trainer`.

    Returns:
        The run, whose `result` was best on the validation part; also when the user stopped it.

    Raises:
        StudioError: if the start or a checkpoint is of another shape, or a loss was not finite
            before the first test.
        Cancelled: if the user stopped it before the first step.

    Reference:
        Graves 2013, arXiv:1308.0850; Loshchilov and Hutter 2019, arXiv:1711.05101.
    """
    vocabulary = Vocabulary.of(text)
    chosen = plan(vocabulary.encode(text).indices, settings)
    return Trainer(chosen, vocabulary, settings, run, start).fit(progress)
