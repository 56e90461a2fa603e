"""Fine-tuning: after the head, trains the top of the backbone, its batch normalization frozen.

The head is trained first, so that the first steps do not corrupt the pretrained features (Kumar et al. 2022,
arXiv:2202.10054).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.classify.models import trained
from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import augmentation, evaluate
from studio.classify.training.activations import Activations, open_activations
from studio.classify.training.head import image_losses, log_loss
from studio.classify.training.training_set import TrainingSet
from studio.core.imaging.grids import make_grid
from studio.core.progress import Progress
from studio.core.training import checkpoints, optimizers
from studio.core.training.batches import Batches
from studio.core.training.trainer import Trainer

if TYPE_CHECKING:
    import keras

PREVIEW_IMAGES = 9  # test images with the highest loss
_WEIGHT_DECAY = 0.01
_EMA_EPOCHS = 1.0  # time constant of the EMA of the weights, in epochs
_TEST_BATCH = 64


class Tuner(Trainer):
    """A fine-tuning run.

    Args:
        samples: the dataset, its splits and its backbone.
        top: the layers after the cut, with their initial weights.
        maps: activations of the frozen part: for all images, or for the test and validation images.
        settings: `epochs`, `batch`, `learning_rate`, `label_smoothing` and `seed`.
        augment: `(images, step) -> activations` of augmented training images; None reads them from `maps`.
        run: stores checkpoints; None stores none.

    Attributes:
        result: the trained layers, from activations to probabilities, with the EMA weights.
        test_probabilities: predictions for the test split at the last evaluation, as a list of one array.
        validation_probabilities: predictions for the validation split, `(v, k)`.
        seconds_before: training time before the checkpoint that the run resumed from.
    """

    loss_names = ("loss", "train_accuracy")
    saved_arrays = ("test_probabilities",)

    def __init__(
        self,
        samples: TrainingSet,
        top: keras.Model,
        maps: Activations,
        settings: TrainClassifierSettings,
        run: checkpoints.Run | None = None,
        augment: Callable[[np.ndarray, int], np.ndarray] | None = None,
    ):
        self.batches = Batches(len(samples.train_rows), settings.batch, settings.seed)
        steps = settings.epochs * self.batches.batches_per_epoch
        super().__init__(steps, self.batches.batches_per_epoch, run)
        self.samples, self.top, self.maps, self.settings = samples, top, maps, settings
        compile_top(
            top,
            settings,
            optimizers.make_schedule(settings.learning_rate, steps, settings.warmup_steps),
            samples.is_multi_label,
        )
        self.track(top, top, max(1, round(_EMA_EPOCHS * self.batches.batches_per_epoch)), ema_every=1)
        self.test_probabilities = [np.empty((0, len(samples.classes)), "float32")]
        self.augment, self.seconds_before = augment, 0.0

    @property
    def probabilities(self) -> np.ndarray:
        """Predictions for the test split at the last evaluation, `(m, k)`; empty before the first."""
        return self.test_probabilities[0]

    def advance(self) -> Mapping[str, float]:
        """Trains on one batch; the seed and the step determine how its images are augmented."""
        rows = self.samples.train_rows[self.batches.select_rows(self.step)]
        truth = self.samples.labels(rows)
        if not self.samples.is_multi_label:
            truth = np.eye(len(self.samples.classes))[truth]
        truth = truth.astype("float32")
        if self.augment is not None:
            return self.train_on(
                self.augment(np.asarray(self.samples.dataset.images[rows]), self.step), truth
            )
        rng = np.random.default_rng([self.settings.seed, 9, self.step])
        views = rng.integers(0, self.maps.shape[1], len(rows))
        return self.train_on(self.maps.read(rows, views), truth)

    def take_step(self, inputs: Any, targets: Any) -> Mapping[str, Any]:
        """Takes one step on a single device."""
        return self.model.train_on_batch(inputs, targets, return_dict=True)

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Evaluates the EMA weights on the test split. Nothing is selected by the result."""
        with self.use_ema_weights():
            self.test_probabilities = [self.predict(self.samples.test_rows, progress)]
        truth = self.samples.labels(self.samples.test_rows)
        return {**evaluate.measure(self.probabilities, truth), "nats": log_loss(self.probabilities, truth)}

    def predict(self, rows: np.ndarray, progress: Progress) -> np.ndarray:
        """Returns the current weights' probabilities for some images, `(n, k) float32`."""
        batches = [np.empty((0, len(self.samples.classes)), "float32")]
        for start in range(0, len(rows), _TEST_BATCH):
            progress.check()
            batch = rows[start : start + _TEST_BATCH]
            padded = np.concatenate([batch, np.repeat(batch[-1:], _TEST_BATCH - len(batch))])
            inputs = self.maps.read(padded, np.zeros(_TEST_BATCH, "int64"))
            batches.append(np.asarray(self.top.predict_on_batch(inputs))[: len(batch)])
        return np.concatenate(batches)

    def finish(self, progress: Progress) -> None:
        """Loads the EMA weights and predicts the validation split."""
        import keras

        if self.curves.steps[-1] != self.step:  # stopped between two evaluations
            self.test(Progress())
        self.top.set_weights(self.ema.arrays)
        # A new model has no optimizer, which would be saved, too.
        self.result = keras.Model(self.top.input, self.top.output, name="learned")
        self.validation_probabilities = self.predict(self.samples.validation_rows, Progress())

    def draw_preview(self) -> np.ndarray:
        """Returns a grid of the test images with the highest loss."""
        rows = self.samples.test_rows[:PREVIEW_IMAGES]
        if len(self.probabilities):
            truth = self.samples.labels(self.samples.test_rows)
            losses = image_losses(self.probabilities, truth)
            rows = np.sort(self.samples.test_rows[np.argsort(-losses)[:PREVIEW_IMAGES]])
        return make_grid(np.asarray(self.samples.dataset.images[rows]))

    def restore(self, checkpoint: checkpoints.Checkpoint) -> None:
        """Restores a checkpoint and notes its training time."""
        super().restore(checkpoint)
        self.seconds_before = self.curves.seconds


def finetune(
    samples: TrainingSet,
    weights: Sequence[np.ndarray],
    settings: TrainClassifierSettings,
    progress: Progress | None = None,
    run: checkpoints.Run | None = None,
) -> Tuner:
    """Trains the top of a backbone, together with a trained head.

    Args:
        samples: see `studio.classify.training.training_set.load`.
        weights: of the head's dense layers.
        settings: see `TrainClassifierSettings`.
        progress: receives losses, metrics and previews.
        run: stores checkpoints; training resumes from the last one.

    Raises:
        InsufficientSpace: if the activations do not fit on the disk.
        StudioError: if a checkpoint is of another model.
        Cancelled: if a user stopped the run before the first step.
    """
    with open_tuner(samples, weights, settings, progress or Progress(), run) as tuner:
        tuner.fit(progress)
        if tuner.stop_reason != "cancelled":  # a resumed run needs them
            tuner.maps.remove()
        return tuner


@contextmanager
def open_tuner(
    samples: TrainingSet,
    weights: Sequence[np.ndarray],
    settings: TrainClassifierSettings,
    progress: Progress,
    run: checkpoints.Run | None = None,
) -> Iterator[Tuner]:
    """Prepares a run before its first step: the network and the activations. See `finetune`."""
    top = build_top(samples, weights, settings)
    # An image and its mirror image are computed once. Other augmentations differ in each epoch.
    mirrored, augment, rows = settings.mirrors(samples.classes), None, None
    if settings.has_amounts:
        augment = _compile_augmented_activations(samples, settings)
        mirrored, rows = False, np.union1d(samples.validation_rows, samples.test_rows)
    with open_activations(samples.dataset, samples.backbone, settings.cut, mirrored, progress, rows) as maps:
        yield Tuner(samples, top, maps, settings, run, augment)


def _compile_augmented_activations(
    samples: TrainingSet, settings: TrainClassifierSettings
) -> Callable[[np.ndarray, int], np.ndarray]:
    """Returns `(images, step) -> activations` of augmented images at the cut. See `augmentation`."""
    extractor = samples.backbone.build_extractor([settings.cut])
    network = augmentation.build(settings, samples.classes, settings.size)
    return augmentation.compile_augmentation(
        network, lambda images: extractor(images)[settings.cut], settings.seed
    )


def build_top(
    samples: TrainingSet, weights: Sequence[np.ndarray], settings: TrainClassifierSettings
) -> keras.Model:
    """Returns the layers after the cut, with their initial weights and the trained head."""
    import keras

    class_count = len(samples.classes)
    network = trained.assemble(
        samples.backbone,
        settings.size,
        lambda maps: trained.add_pooled_head(maps, class_count, settings, samples.is_multi_label),
    )
    top = trained.build_trainable_part(network, settings.cut)
    top.trainable = True
    for layer in top.layers:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    variables = [variable for layer in top.layers[-2:] for variable in layer.weights]
    for variable, array in zip(variables[-len(weights) :], weights, strict=True):
        variable.assign(array)
    return top


def compile_top(
    top: keras.Model, settings: TrainClassifierSettings, rate: Any, independent: bool = False
) -> None:
    """Compiles with AdamW and gradient clipping.

    Args:
        top: to compile.
        settings: `label_smoothing`.
        rate: the learning rate or its schedule.
        independent: whether each class has its own sigmoid; else softmax.
    """
    import keras

    losses, metrics = keras.losses, keras.metrics
    loss = losses.BinaryCrossentropy if independent else losses.CategoricalCrossentropy
    accuracy = metrics.BinaryAccuracy if independent else metrics.CategoricalAccuracy
    top.compile(
        optimizers.adamw(rate, weight_decay=_WEIGHT_DECAY, global_clipnorm=1.0),
        loss(label_smoothing=settings.label_smoothing),
        metrics=[accuracy(name="train_accuracy")],
    )
    top.optimizer.build(top.trainable_variables)
