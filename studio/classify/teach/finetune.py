"""Fine-tuning: after the head, the backbone's top learns with small steps, its normalisation held still.

The head is solved first, so that the first steps do not spoil what the top already knows (Kumar et al. 2022,
arXiv:2202.10054).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from studio.classify.models import trained
from studio.classify.settings import TrainClassifierSettings
from studio.classify.teach.activations import Activations, activations
from studio.classify.teach.head import loss
from studio.classify.teach.training_set import TrainingSet
from studio.core.pictures.grids import grid
from studio.core.progress import Progress
from studio.core.training import checkpoints, optimizers
from studio.core.training.averaged import Average
from studio.core.training.loop import Batches, Curves, Training, arrays_named

if TYPE_CHECKING:
    import keras

SHOWN = 9  # pictures of a preview: those it is wrong on, or else the least sure ones
_WARM = 0.1  # of the steps, in which the rate rises
_DECAY = 0.01
_AVERAGED = 1.0  # passes over the pictures, over which the weights are averaged
_TESTED = 64  # pictures at once


@dataclass(frozen=True)
class Tuned:
    """A top that was fine-tuned.

    Attributes:
        top: the network after the cut, from activations to probabilities, its weights averaged.
        probabilities: `(m, k)` of the held-out pictures.
        validation: `(v, k)` of those that the lesson left out to select by.
        curves: how it went.
        steps: batches done.
        ended: "" for all of them, else "cancelled" or "nan".
        seconds_before: of work until the checkpoint from which it went on.
    """

    top: keras.Model
    probabilities: np.ndarray
    validation: np.ndarray
    curves: Curves
    steps: int
    ended: str
    seconds_before: float


class Tuner(Training):
    """A fine-tuning under way.

    Args:
        lesson: its pictures and their classes.
        top: the network after the cut, with the weights to begin with.
        seen: the activations of all its pictures.
        settings: `epochs`, `batch`, `learning_rate`, `label_smoothing`, `flip` and `seed`.
        run: where checkpoints go.
    """

    def __init__(
        self,
        lesson: TrainingSet,
        top: keras.Model,
        seen: Activations,
        settings: TrainClassifierSettings,
        run: checkpoints.Run | None = None,
    ):
        self.batches = Batches(len(lesson.learnt), settings.batch, settings.seed)
        steps = settings.epochs * self.batches.each
        super().__init__(steps, self.batches.each, run)
        self.lesson, self.top, self.seen, self.settings = lesson, top, seen, settings
        _compile(top, settings, steps)
        self.average = Average(self._learning(), max(1, round(_AVERAGED * self.batches.each)), every=1)
        self.probabilities = np.empty((0, len(lesson.classes)), "float32")
        self.seconds_before = 0.0

    def _learning(self) -> list[np.ndarray]:
        return [np.asarray(variable) for variable in self.top.trainable_variables]

    def advance(self) -> Mapping[str, float]:
        """One batch, mirrored or not as the seed and the step decide."""
        rows = self.lesson.learnt[self.batches.at(self.step)]
        rng = np.random.default_rng([self.settings.seed, 9, self.step])
        views = rng.integers(0, self.seen.shape[1], len(rows))
        truth = np.eye(len(self.lesson.classes), dtype="float32")[self.lesson.labels(rows)]
        found = self.top.train_on_batch(self.seen.read(rows, views), truth, return_dict=True)
        self.average.add(self._learning(), self.step + 1)
        return self.means({"loss": found["loss"]})

    def test(self, progress: Progress) -> Mapping[str, float]:
        """What the averaged weights make of the held-out pictures; nothing is chosen by it."""
        own = self._learning()
        self._give(self.average.arrays)
        try:
            self.probabilities = self.predict(self.lesson.held_out, progress)
        finally:  # who stops it now must not save the averages as what it learns with
            self._give(own)
        truth = self.lesson.labels(self.lesson.held_out)
        right = float((self.probabilities.argmax(axis=1) == truth).mean())
        return {"accuracy": right, "nats": loss(self.probabilities, truth)}

    def predict(self, rows: np.ndarray, progress: Progress) -> np.ndarray:
        """`(n, k) float32`, what the present weights make of some pictures."""
        found = [np.empty((0, len(self.lesson.classes)), "float32")]
        for start in range(0, len(rows), _TESTED):
            progress.check()
            part = rows[start : start + _TESTED]
            full = np.concatenate([part, np.repeat(part[-1:], _TESTED - len(part))])
            seen = self.seen.read(full, np.zeros(len(full), "int64"))
            found.append(np.asarray(self.top.predict_on_batch(seen))[: len(part)])
        return np.concatenate(found)

    def _give(self, arrays: Sequence[np.ndarray]) -> None:
        for variable, array in zip(self.top.trainable_variables, arrays, strict=True):
            variable.assign(array)

    def finish(self) -> keras.Model:
        """The network with the averaged weights, without its optimizer, which would be saved too."""
        import keras

        self._give(self.average.arrays)
        return keras.Model(self.top.input, self.top.output, name="learnt")

    def preview(self) -> np.ndarray:
        """Held-out pictures that it is wrong on at the last test, or else the least sure ones."""
        rows = self.lesson.held_out[:SHOWN]
        if len(self.probabilities):
            truth = self.lesson.labels(self.lesson.held_out)
            sure = self.probabilities[np.arange(len(truth)), truth]
            rows = np.sort(self.lesson.held_out[np.argsort(sure)[:SHOWN]])
        return grid(np.asarray(self.lesson.pictures.images[rows]))

    def arrays(self) -> dict[str, Sequence[np.ndarray]]:
        """All weights, the optimizer and the average."""
        return {
            "model": self.top.variables,
            "optimizer": self.top.optimizer.variables,
            "average": self.average.arrays,
            "judged": [self.probabilities],
        }

    def take(self, checkpoint: checkpoints.Checkpoint) -> None:
        """Goes back to a checkpoint."""
        checkpoints.restore("model", self.top.variables, checkpoint.arrays)
        checkpoints.restore("optimizer", self.top.optimizer.variables, checkpoint.arrays)
        self.average.arrays = arrays_named("average", len(self.average.arrays), checkpoint.arrays)
        self.probabilities = arrays_named("judged", 1, checkpoint.arrays)[0]
        self.seconds_before = checkpoint.notes["curves"]["seconds"]


def finetune(
    lesson: TrainingSet,
    weights: Sequence[np.ndarray],
    settings: TrainClassifierSettings,
    progress: Progress | None = None,
    run: checkpoints.Run | None = None,
) -> Tuned:
    """Lets the top of a backbone learn, from a head that was solved.

    Args:
        lesson: see `studio.classify.teach.training_set.load`.
        weights: of that head's dense layers.
        settings: see `TrainClassifierSettings`.
        progress: told the losses, the tests, and shown pictures.
        run: keeps checkpoints; a training that finds some goes on from there.

    Raises:
        NoRoom: if what the frozen part makes of the pictures does not fit on the disk.
        StudioError: if a checkpoint is of another model.
        Cancelled: if a person stopped it before the first step.
    """
    progress = progress or Progress()
    top = start(lesson, weights, settings)
    with activations(lesson.pictures, lesson.backbone, settings.cut, settings.flip, progress) as seen:
        tuner = Tuner(lesson, top, seen, settings, run)
        ended = tuner.learn(progress)
        if tuner.curves.steps[-1] != tuner.step:  # it was stopped between two tests
            tuner.test(Progress())
        top, before = tuner.finish(), tuner.seconds_before
        validation = tuner.predict(lesson.validation, Progress())
        if ended != "cancelled":  # else whoever goes on needs them
            seen.remove()
        return Tuned(top, tuner.probabilities, validation, tuner.curves, tuner.step, ended, before)


def start(
    lesson: TrainingSet, weights: Sequence[np.ndarray], settings: TrainClassifierSettings
) -> keras.Model:
    """The network after the cut as fine-tuning begins with it: the backbone's top, and the solved head."""
    import keras

    count = len(lesson.classes)
    network = trained.assemble(
        lesson.backbone, settings.size, lambda maps: trained.head(maps, count, settings)
    )
    top = trained.trainable_part(network, settings.cut)
    top.trainable = True
    for layer in top.layers:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    head = [variable for layer in top.layers[-2:] for variable in layer.weights]
    head = head[-len(weights) :]
    for variable, array in zip(head, weights, strict=True):
        variable.assign(array)
    return top


def _compile(top: keras.Model, settings: TrainClassifierSettings, steps: int) -> None:
    """Adam whose rate rises at first and then falls to nothing; weights are held where they have a place."""
    import keras

    from studio.core.training import rates

    warm = max(1, round(_WARM * steps))
    rate = rates.cosine(settings.learning_rate, steps, warm)
    top.compile(
        optimizers.adamw(rate, weight_decay=_DECAY, global_clipnorm=1.0),
        keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing),
    )
    top.optimizer.build(top.trainable_variables)
