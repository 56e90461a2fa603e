"""Training on a text: truncated backpropagation through time, with the state carried from batch to batch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from studio.core.progress import Progress
from studio.core.training import checkpoints, optimizers, parallel, rates
from studio.core.training.averaged import Average
from studio.core.training.loop import Curves, Training, arrays_named, diverged
from studio.text import cross_entropy, model, write
from studio.text.batches import Plan, batches, plan
from studio.text.numpy_network import Network
from studio.text.settings import TrainTextSettings, WriteSettings
from studio.text.start_from import inherited
from studio.text.vocabulary import Vocabulary

LEARNING, VALIDATION = "learning", "validation"  # losses in nats a character
MOST_TESTED = 200_000  # characters of the validation part that the tests on the way read
TEST_STREAMS = 64
SAMPLE_CHARS = 300
LEAST_TESTS = 20


@dataclass(frozen=True)
class Trained:
    """A trained model.

    Attributes:
        core: the network with the weights that were best on the validation part.
        vocabulary: its characters.
        curves: how it went, in nats a character: LEARNING and, at each test, VALIDATION.
        samples: what it wrote at each test.
        plan: how the text was read.
        steps: batches done.
        ended: "" for the whole plan, else why it ended before: "patience", "cancelled" or "nan".
    """

    core: model.CharacterModel
    vocabulary: Vocabulary
    curves: Curves
    samples: list[str]
    plan: Plan
    steps: int
    ended: str = ""


class Trainer(Training):
    """A training: its model, average and curves, all of which a checkpoint holds.

    Args:
        chosen: how the text is read.
        vocabulary: its characters.
        settings: shape, dropout, rates.
        run: where checkpoints go; None for none.
    """

    def __init__(
        self,
        chosen: Plan,
        vocabulary: Vocabulary,
        settings: TrainTextSettings,
        run: checkpoints.Run | None = None,
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
        self._take_weights()

    def _take_weights(self) -> None:
        self.average = Average(self.core.get_weights(), round(self.settings.averaging * self.plan.steps))
        self.best = [array.copy() for array in self.average.arrays]

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
        found = self.means({LEARNING: parallel.step(self.streams, inputs, wanted)})
        if self.average.due(self.step + 1):
            self.average.add(self.core.get_weights(), self.step + 1)
        return found

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Scores the averaged weights on the validation part, keeps them if they are the best, and writes."""
        network = Network(self.average.arrays, self.settings.cell, self.settings.tied)
        part = self.plan.validation[:MOST_TESTED]
        streams = max(1, min(TEST_STREAMS, len(part) // 256))
        found = parallel.broadcast(cross_entropy.score(network, part, streams, progress).nats_per_char)
        if found < self.lowest:
            self.best = [array.copy() for array in self.average.arrays]
        wish = WriteSettings(chars=SAMPLE_CHARS, seed=self.settings.seed)
        self.samples.append(write.write(network, self.vocabulary, wish)[0].text)
        return {VALIDATION: found}

    def ended(self) -> str:
        """Ends a training whose last tests, as many as its patience, found nothing better."""
        tests = self.curves.tests.get(VALIDATION, [])
        best = tests.index(self.lowest) if self.lowest < math.inf else -1
        return "patience" if 0 < self.settings.patience <= len(tests) - 1 - best else ""

    def made(self) -> dict[str, Any]:
        """What it wrote at the last test."""
        return {"text": self.samples[-1] if self.samples else ""}

    def arrays(self) -> dict[str, Sequence[np.ndarray]]:
        """The model with the states that it carries, the optimizer, the average and the best."""
        return {
            "model": self.streams.variables,
            "optimizer": self.streams.optimizer.variables,
            "average": self.average.arrays,
            "best": self.best,
        }

    def notes(self) -> dict[str, object]:
        """What it wrote."""
        return {"samples": self.samples}

    def take(self, checkpoint: checkpoints.Checkpoint) -> None:
        """Goes back to a checkpoint."""
        checkpoints.restore("model", self.streams.variables, checkpoint.arrays)
        checkpoints.restore("optimizer", self.streams.optimizer.variables, checkpoint.arrays)
        count = len(self.best)
        self.average.arrays = arrays_named("average", count, checkpoint.arrays)
        self.best = arrays_named("best", count, checkpoint.arrays)
        self.samples = list(checkpoint.notes["samples"])

    def start_from(self, weights: Sequence[np.ndarray], vocabulary: Vocabulary) -> None:
        """Begins with the weights of a trained model; characters that it did not know begin afresh.

        Raises:
            InvalidInput: if it has another shape.
        """
        self.core.set_weights(
            inherited(self.core.get_weights(), weights, vocabulary, self.vocabulary, self.settings.tied)
        )
        self._take_weights()


def _optimizer(settings: TrainTextSettings, steps: int) -> keras.optimizers.Optimizer:
    """AdamW with a warm-up of up to 100 steps, then down to nothing along a cosine."""
    warm = min(100, max(1, steps // 10))
    rate = rates.cosine(settings.learning_rate, steps, warm)
    optimizer = optimizers.adamw(rate, weight_decay=settings.weight_decay, global_clipnorm=1.0, epsilon=1e-8)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def train(
    text: str,
    settings: TrainTextSettings,
    progress: Progress | None = None,
    run: checkpoints.Run | None = None,
    start: tuple[Sequence[np.ndarray], Vocabulary] | None = None,
) -> Trained:
    """Trains a model on a text.

    Args:
        text: what it learns from; its end is kept for validation and to test on, see `plan`.
        settings: see `TrainTextSettings`.
        progress: told the losses in nats a character, and shown what the model writes.
        run: keeps checkpoints, the last one of the end; a training that finds some goes on from there.
        start: the weights and characters of a trained model to begin with.

    Returns:
        The model that was best on the validation part; also when a person stopped it.

    Raises:
        StudioError: if the start or a checkpoint is of another shape, or a loss was not finite
            before the first test.
        Cancelled: if a person stopped it before the first step.

    Reference:
        Graves 2013, arXiv:1308.0850; Loshchilov and Hutter 2019, arXiv:1711.05101.
    """
    vocabulary = Vocabulary.of(text)
    trainer = Trainer(plan(vocabulary.encode(text).indices, settings), vocabulary, settings, run)
    if start:
        trainer.start_from(*start)
    ended = trainer.learn(progress or Progress())
    if not math.isfinite(trainer.lowest):
        raise diverged()
    trainer.core.set_weights(trainer.best)
    return Trained(
        trainer.core, vocabulary, trainer.curves, trainer.samples, trainer.plan, trainer.step, ended
    )
