"""Training on a text: truncated backpropagation through time, with the state carried from batch to batch."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import keras
import numpy as np

from studio.core import parallel, runs
from studio.core.errors import Cancelled
from studio.core.progress import Progress
from studio.core.training import diverged
from studio.text import model, score, write
from studio.text.inherit import inherited
from studio.text.network import Network
from studio.text.plan import Plan, batches, plan
from studio.text.settings import TrainTextSettings, WriteSettings
from studio.text.vocabulary import Vocabulary

AVERAGED_EVERY = 5  # steps; of weights that move slowly, more often changes nothing
CHECKPOINT_SECONDS = 60.0
MOST_TESTED = 200_000  # characters of the held-out part that the tests on the way read
TEST_STREAMS = 64
SAMPLE_CHARS = 300
LEAST_TESTS = 20


@dataclass
class Curves:
    """What a training has seen so far; all of it fits into a checkpoint's notes.

    Attributes:
        steps, train, test: at each test, the batches done, the loss on the text since the last test and the
            loss on the held-out part, in nats a character.
        samples: what the model wrote at each test.
        seconds: of work, those before a break included.
    """

    steps: list[int] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    test: list[float] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def lowest(self) -> float:
        """The best loss on the held-out part; infinite before the first test."""
        return min((loss for loss in self.test if math.isfinite(loss)), default=math.inf)

    @property
    def tests_without_gain(self) -> int:
        """How many tests ago the best was; all of them if none was finite."""
        return len(self.test) - 1 - (self.test.index(self.lowest) if self.lowest < math.inf else -1)


@dataclass(frozen=True)
class Trained:
    """A trained model.

    Attributes:
        core: the network with the weights that were best on the held-out part.
        vocabulary: its characters.
        curves: how it went.
        plan: how the text was read.
        steps: batches done.
        ended: "" for the whole plan, else why it ended before: "patience", "cancelled" or "nan".
    """

    core: model.CharacterModel
    vocabulary: Vocabulary
    curves: Curves
    plan: Plan
    steps: int
    ended: str = ""


class Trainer:
    """A training: its model, averages and curves, all of which a checkpoint holds.

    Args:
        chosen: how the text is read.
        vocabulary: its characters.
        settings: shape, dropout, rates.
        run: where checkpoints go; None for none.
    """

    def __init__(
        self, chosen: Plan, vocabulary: Vocabulary, settings: TrainTextSettings, run: runs.Run | None = None
    ):
        self.plan, self.vocabulary, self.settings, self.run = chosen, vocabulary, settings, run
        with parallel.over_all():
            self.core = model.build(settings, len(vocabulary))
            self.streams = model.Streams(self.core, chosen.streams)
            self.streams.compile(
                _optimizer(settings, chosen.steps),
                keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            )
            self.streams.optimizer.build(self.streams.trainable_variables)
        self.curves, self.step = Curves(), 0
        self.losses: list[float] = []
        self._take_weights()

    def _take_weights(self) -> None:
        # Copies: what a backend gives may be its own memory, or not to be written to.
        self.average = [np.array(array) for array in self.core.get_weights()]
        self.best = [array.copy() for array in self.average]

    def learn(self, progress: Progress) -> str:
        """Goes on to the end of the plan. Returns why it ended early, or ""."""
        every = max(1, self.plan.steps // max(LEAST_TESTS, self.plan.epochs))
        asked, progress = progress, parallel.telling(progress)
        due = self.step % every == 0 or self.step == self.plan.steps
        if self.step and due and self.curves.steps[-1:] != [self.step]:
            self.test(progress)  # where it was stopped before it could
        if self._idle():
            return "patience"
        began, saved = time.monotonic() - self.curves.seconds, time.monotonic()
        for fresh, inputs, wanted in batches(self.plan, self.settings.seed, self.step):
            if fresh:
                self.streams.forget()
            self.losses.append(float(parallel.step(self.streams, inputs, wanted)))
            if not math.isfinite(self.losses[-1]):
                return "nan"
            self.step += 1
            if self.step % AVERAGED_EVERY == 0:
                self._move_average()
            self.curves.seconds = time.monotonic() - began
            if self.step % every == 0 or self.step == self.plan.steps:
                self.test(progress)
                if self._idle():
                    return "patience"
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                self.save()
                saved = time.monotonic()
            self._report(progress)
            parallel.heed(asked, self.step)
        return ""

    def _idle(self) -> bool:
        return 0 < self.settings.patience <= self.curves.tests_without_gain

    def _move_average(self) -> None:
        """Towards the weights of now; at first faster, so that the random ones are soon forgotten."""
        horizon = min(self.settings.averaging * self.plan.steps, self.step / 2) / AVERAGED_EVERY
        share = 1 / max(1.0, horizon)
        for mean, now in zip(self.average, self.core.get_weights(), strict=True):
            mean += share * (now - mean)

    def test(self, progress: Progress) -> None:
        """Scores the averaged weights on the held-out part, keeps them if they are the best, and writes."""
        network = Network(self.average, self.settings.cell, self.settings.tied)
        part = self.plan.test[:MOST_TESTED]
        streams = max(1, min(TEST_STREAMS, len(part) // 256))
        found = parallel.told(score.score(network, part, streams, progress.silent()).nats_per_char)
        if found < self.curves.lowest:
            self.best = [array.copy() for array in self.average]
        self.curves.steps.append(self.step)
        self.curves.train.append(float(np.mean(self.losses)))
        self.curves.test.append(found)
        self.losses = []
        wish = WriteSettings(chars=SAMPLE_CHARS, seed=self.settings.seed)
        self.curves.samples.append(write.write(network, self.vocabulary, wish)[0].text)

    def _report(self, progress: Progress) -> None:
        metrics = {"learning": self.losses[-1] if self.losses else self.curves.train[-1]}
        if self.curves.test:
            metrics["held out"] = self.curves.test[-1]
        sample = self.curves.samples[-1] if self.curves.samples else ""
        progress.report(self.step, self.plan.steps, metrics, text=sample)

    def save(self) -> None:
        """Writes a checkpoint, if there is a run to write it to."""
        if self.run is None:
            return
        arrays = runs.arrays_of("model", self.streams.variables)
        arrays |= runs.arrays_of("optimizer", self.streams.optimizer.variables)
        arrays |= runs.arrays_of("average", self.average) | runs.arrays_of("best", self.best)
        self.run.save(
            runs.Checkpoint(self.step, arrays, {"curves": asdict(self.curves), "losses": self.losses})
        )

    def resume(self) -> None:
        """Goes back to the last checkpoint, if there is one.

        Raises:
            StudioError: if it is of another model.
        """
        found = self.run.load() if self.run else None
        if found is None:
            return
        runs.restore("model", self.streams.variables, found.arrays)
        runs.restore("optimizer", self.streams.optimizer.variables, found.arrays)
        count = len(self.average)
        self.average = [found.arrays[f"average{n}"].copy() for n in range(count)]
        self.best = [found.arrays[f"best{n}"].copy() for n in range(count)]
        self.curves, self.losses = Curves(**found.notes["curves"]), list(found.notes["losses"])
        self.step = found.step

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
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warm), alpha=0.0, warmup_target=settings.learning_rate, warmup_steps=warm
    )
    optimizer = keras.optimizers.AdamW(
        rate, weight_decay=settings.weight_decay, global_clipnorm=1.0, epsilon=1e-8
    )
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def train(
    text: str,
    settings: TrainTextSettings,
    progress: Progress | None = None,
    run: runs.Run | None = None,
    start: tuple[Sequence[np.ndarray], Vocabulary] | None = None,
) -> Trained:
    """Trains a model on a text.

    Args:
        text: what it learns from, its last part held out.
        settings: see `TrainTextSettings`.
        progress: told the losses in nats a character, and shown what the model writes.
        run: keeps checkpoints, the last one of the end; a training that finds some goes on from there.
        start: the weights and characters of a trained model to begin with.

    Returns:
        The model that was best on the held-out part; also when a person stopped it.

    Raises:
        StudioError: if the start or a checkpoint is of another shape, or no step gave a finite loss.
        Cancelled: if a person stopped it before the first step.

    Reference:
        Graves 2013, arXiv:1308.0850; Loshchilov and Hutter 2019, arXiv:1711.05101.
    """
    progress = progress or Progress()
    vocabulary = Vocabulary.of(text)
    trainer = Trainer(plan(vocabulary.encode(text).indices, settings), vocabulary, settings, run)
    if start:
        trainer.start_from(*start)
    trainer.resume()
    parallel.same_start(trainer.step)
    try:
        ended = trainer.learn(progress)
    except Cancelled:
        if not trainer.step:
            raise
        ended = "cancelled"
    if ended != "nan":
        trainer.save()
    if not trainer.curves.test:
        trainer.test(Progress())
    if not math.isfinite(trainer.curves.lowest):
        raise diverged()
    trainer.core.set_weights(trainer.best)
    return Trained(trainer.core, vocabulary, trainer.curves, trainer.plan, trainer.step, ended)
