"""Fine-tuning: after the head, the backbone's top learns with small steps, its normalization held still.

The head is solved first, so that the first steps do not corrupt what the top already knows (Kumar et al.
2022, arXiv:2202.10054).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.classify.models import trained
from studio.classify.settings import TrainClassifierSettings
from studio.classify.training.activations import Activations, activations
from studio.classify.training.head import loss
from studio.classify.training.training_set import TrainingSet
from studio.core.imaging.grids import grid
from studio.core.progress import Progress
from studio.core.training import checkpoints, optimizers
from studio.core.training.batches import Batches
from studio.core.training.trainer import Trainer

if TYPE_CHECKING:
    import keras

SHOWN = 9  # images of a preview: those it is wrong on, or else the least sure ones
_DECAY = 0.01
_AVERAGED = 1.0  # passes over the images, over which the weights are averaged
_TESTED = 64  # images at once


class Tuner(Trainer):
    """A fine-tuning run.

    Args:
        lesson: its images and their classes.
        top: the network after the cut, with the weights to begin with.
        seen: the activations of all its images.
        settings: `epochs`, `batch`, `learning_rate`, `label_smoothing`, `flip` and `seed`.
        run: where checkpoints go.

    Attributes:
        result: the network after the cut, from activations to probabilities, with the EMA weights.
        judged: the probabilities of held-out images at the last test: one array, `(m, k)`.
        validated: those of images that the lesson left out to select by, `(v, k)`.
        seconds_before: of work until the checkpoint from which it continued.
    """

    saved_arrays = ("judged",)

    def __init__(
        self,
        lesson: TrainingSet,
        top: keras.Model,
        seen: Activations,
        settings: TrainClassifierSettings,
        run: checkpoints.Run | None = None,
    ):
        self.batches = Batches(len(lesson.learned), settings.batch, settings.seed)
        steps = settings.epochs * self.batches.each
        super().__init__(steps, self.batches.each, run)
        self.lesson, self.top, self.seen, self.settings = lesson, top, seen, settings
        _compile(top, settings, steps)
        self.track(top, top, max(1, round(_AVERAGED * self.batches.each)), ema_every=1)
        self.judged = [np.empty((0, len(lesson.classes)), "float32")]
        self.seconds_before = 0.0

    @property
    def probabilities(self) -> np.ndarray:
        """Of the held-out images at the last test, `(m, k)`; none before."""
        return self.judged[0]

    def advance(self) -> Mapping[str, float]:
        """One batch, mirrored or not as the seed and the step decide."""
        rows = self.lesson.learned[self.batches.at(self.step)]
        rng = np.random.default_rng([self.settings.seed, 9, self.step])
        views = rng.integers(0, self.seen.shape[1], len(rows))
        truth = np.eye(len(self.lesson.classes), dtype="float32")[self.lesson.labels(rows)]
        return self.train_on(self.seen.read(rows, views), truth)

    def take_step(self, inputs: Any, targets: Any) -> Mapping[str, Any]:
        """Takes one step, on the one device where the backbone is."""
        return self.model.train_on_batch(inputs, targets, return_dict=True)

    def test(self, progress: Progress) -> Mapping[str, float]:
        """What the averaged weights make of the held-out images; nothing is chosen by it."""
        with self.averaged():
            self.judged = [self.predict(self.lesson.held_out, progress)]
        truth = self.lesson.labels(self.lesson.held_out)
        right = float((self.probabilities.argmax(axis=1) == truth).mean())
        return {"accuracy": right, "nats": loss(self.probabilities, truth)}

    def predict(self, rows: np.ndarray, progress: Progress) -> np.ndarray:
        """`(n, k) float32`, what the present weights make of some images."""
        found = [np.empty((0, len(self.lesson.classes)), "float32")]
        for start in range(0, len(rows), _TESTED):
            progress.check()
            part = rows[start : start + _TESTED]
            full = np.concatenate([part, np.repeat(part[-1:], _TESTED - len(part))])
            seen = self.seen.read(full, np.zeros(len(full), "int64"))
            found.append(np.asarray(self.top.predict_on_batch(seen))[: len(part)])
        return np.concatenate(found)

    def finish(self, progress: Progress) -> None:
        """Takes the EMA weights."""
        import keras

        if self.curves.steps[-1] != self.step:  # stopped between two tests
            self.test(Progress())
        self.top.set_weights(self.ema.arrays)
        # Without its optimizer, which would be saved, too.
        self.result = keras.Model(self.top.input, self.top.output, name="learned")
        self.validated = self.predict(self.lesson.validation, Progress())

    def preview(self) -> np.ndarray:
        """Held-out images that it is wrong on at the last test, or else the least sure ones."""
        rows = self.lesson.held_out[:SHOWN]
        if len(self.probabilities):
            truth = self.lesson.labels(self.lesson.held_out)
            sure = self.probabilities[np.arange(len(truth)), truth]
            rows = np.sort(self.lesson.held_out[np.argsort(sure)[:SHOWN]])
        return grid(np.asarray(self.lesson.dataset.images[rows]))

    def restore(self, checkpoint: checkpoints.Checkpoint) -> None:
        """Goes back to a checkpoint."""
        super().restore(checkpoint)
        self.seconds_before = self.curves.seconds


def finetune(
    lesson: TrainingSet,
    weights: Sequence[np.ndarray],
    settings: TrainClassifierSettings,
    progress: Progress | None = None,
    run: checkpoints.Run | None = None,
) -> Tuner:
    """Lets the top of a backbone learn, from a head that was solved.

    Args:
        lesson: see `studio.classify.training.training_set.load`.
        weights: of that head's dense layers.
        settings: see `TrainClassifierSettings`.
        progress: told the losses, the tests, and shown images.
        run: keeps checkpoints; a training run that finds some continues from there.

    Raises:
        NoRoom: if what the frozen part makes of the images does not fit on the disk.
        StudioError: if a checkpoint is of another model.
        Cancelled: if a user stopped it before the first step.
    """
    progress = progress or Progress()
    top = start(lesson, weights, settings)
    with activations(lesson.dataset, lesson.backbone, settings.cut, settings.flip, progress) as seen:
        tuner = Tuner(lesson, top, seen, settings, run).fit(progress)
        if tuner.ended != "cancelled":  # else whoever resumes it needs them
            seen.remove()
        return tuner


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

    rate = optimizers.schedule(settings.learning_rate, steps, settings.warmup_steps)
    top.compile(
        optimizers.adamw(rate, weight_decay=_DECAY, global_clipnorm=1.0),
        keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing),
    )
    top.optimizer.build(top.trainable_variables)
