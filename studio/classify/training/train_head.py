"""Trains the head on features, which takes seconds, and computes its learning curve and projection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.classify.data import split
from studio.classify.models import trained
from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import evaluate, head
from studio.classify.training.head import FeatureSpace, Linear, StrengthChoice
from studio.classify.training.training_set import TrainingSet
from studio.core.progress import Progress
from studio.core.training import optimizers

if TYPE_CHECKING:
    import keras

# Shares of the training images at each point of the learning curve.
LEARNING_CURVE_SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
MIN_CLASS_IMAGES = 2  # images of each class there
_MLP_EPOCHS = 60
_MLP_LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class TrainedHead:
    """A trained head.

    Attributes:
        weights: of its dense layers, in Keras' order.
        probabilities: `(n, k)` for all images of the dataset, training and test.
        choice: the selected regularization.
        space: the projection of the features.
        temperature: by which the logits of an mlp head are divided, fitted by cross-validation; 1 for a
            linear head, whose regularization already calibrates it. `weights` contain it.
        validation_probabilities: `(m, k)`, of the training images, by cross-validation; empty unless the
            settings ask for `validation`.
    """

    weights: list[np.ndarray]
    probabilities: np.ndarray
    choice: StrengthChoice
    space: FeatureSpace
    validation_probabilities: np.ndarray
    temperature: float = 1.0


def train(
    samples: TrainingSet, settings: TrainClassifierSettings, progress: Progress | None = None
) -> TrainedHead:
    """Trains the head.

    Args:
        samples: see `studio.classify.training.training_set.load`.
        settings: `head`, `hidden`, `strength`, `validation` and `seed`.
        progress: receives each stage.

    Raises:
        Cancelled: if a user asked to stop.
    """
    progress = progress or Progress()
    labels, count = samples.labels(samples.train_rows), len(samples.classes)
    features, empty = samples.features[samples.train_rows], np.empty((0, count), "float32")
    space = FeatureSpace(features, head.RANK, settings.seed)
    if settings.strength and not settings.validation:
        choice = StrengthChoice(settings.strength, {}, empty)
    else:
        strengths = (settings.strength,) if settings.strength else head.STRENGTHS
        choice = head.choose_strength(
            features, labels, count, samples.folds, settings.seed, progress, strengths
        )
    linear = space.unfold(head.fit(space.features, labels, count, choice.strength))
    if settings.head == "linear":
        weights = [linear.weights, linear.bias]
        validation_probabilities = choice.validation_probabilities if settings.validation else empty
        return TrainedHead(weights, linear.predict(samples.features), choice, space, validation_probabilities)
    validation_probabilities = _cross_validate_mlp(samples, settings, progress)
    temperature = head.fit_temperature(validation_probabilities, labels)
    weights, probabilities = _train_mlp(FeatureSpace(features), samples, settings, progress)
    soften = partial(head.apply_temperature, temperature=temperature, independent=samples.is_multi_label)
    return TrainedHead(
        [*weights[:-2], *(array / np.float32(temperature) for array in weights[-2:])],
        soften(probabilities),
        choice,
        space,
        soften(validation_probabilities) if settings.validation else empty,
        temperature,
    )


def _cross_validate_mlp(
    samples: TrainingSet, settings: TrainClassifierSettings, progress: Progress
) -> np.ndarray:
    """Returns cross-validated probabilities of the training images, `(n, k)`, by mlp heads."""
    validation_probabilities = np.empty((len(samples.train_rows), len(samples.classes)), "float32")
    for fold in range(int(samples.folds.max()) + 1):
        mask = samples.folds == fold
        subset = replace(samples, train_rows=samples.train_rows[~mask])
        space = FeatureSpace(samples.features[subset.train_rows])
        _, probabilities = _train_mlp(space, subset, settings, progress)
        validation_probabilities[mask] = probabilities[samples.train_rows[mask]]
    return validation_probabilities


def _train_mlp(
    space: FeatureSpace, samples: TrainingSet, settings: TrainClassifierSettings, progress: Progress
) -> tuple[list[np.ndarray], np.ndarray]:
    """Trains a head with a hidden layer. Sets the global seed, because `fit` shuffles with it.

    Returns:
        The weights of the dense layers, for plain features, and the probabilities of all images, `(n, k)`.
    """
    import keras

    keras.utils.set_random_seed(settings.seed)
    features = space.features * np.float32(np.sqrt(space.features.shape[1]))
    network = keras.Sequential(
        [
            keras.Input(features.shape[1:]),
            keras.layers.Dropout(0.3, seed=settings.seed),
            keras.layers.Dense(settings.hidden, activation="relu"),
            keras.layers.Dropout(0.5, seed=settings.seed + 1),
            keras.layers.Dense(len(samples.classes), activation=trained.ACTIVATIONS[samples.is_multi_label]),
        ]
    )
    rate = optimizers.make_schedule(_MLP_LEARNING_RATE, _MLP_EPOCHS * -(-len(features) // 64))
    loss = "binary_crossentropy" if samples.is_multi_label else "sparse_categorical_crossentropy"
    network.compile(optimizers.adamw(rate, weight_decay=0.01), loss)

    def report(epoch: int, logs: dict[str, float]) -> None:
        progress.report(epoch + 1, _MLP_EPOCHS, {"loss": logs["loss"]}, text="Training the head")

    callback = keras.callbacks.LambdaCallback(on_epoch_end=report)
    labels = samples.labels(samples.train_rows)
    labels = labels.astype("float32") if samples.is_multi_label else labels
    network.fit(features, labels, batch_size=64, epochs=_MLP_EPOCHS, verbose=0, callbacks=[callback])
    kernel, bias, output_kernel, output_bias = network.get_weights()
    kernel = kernel * np.float32(np.sqrt(len(kernel)) / space.scale)
    bias = bias - space.mean @ kernel
    activations = np.maximum(samples.features @ kernel + bias, 0)
    probabilities = Linear(output_kernel, output_bias, samples.is_multi_label).predict(activations)
    return [kernel, bias, output_kernel, output_bias], probabilities


def build_head_network(
    samples: TrainingSet, settings: TrainClassifierSettings, trained_head: TrainedHead
) -> keras.Model:
    """Returns the head as a network on the backbone's last activations, for saving."""
    import keras

    maps = keras.Input((None, None, samples.features.shape[1]), name="maps")
    probabilities = trained.add_pooled_head(maps, len(samples.classes), settings, samples.is_multi_label)
    network = keras.Model(maps, probabilities, name="learned")
    network.set_weights(trained_head.weights)
    return network


def measure_learning_curve(
    samples: TrainingSet, trained_head: TrainedHead, seed: int
) -> list[dict[str, Any]]:
    """Measures a linear head on the test split by number of training images.

    Returns:
        Entries with `images` and the metrics of `evaluate.measure`, from few to all images.
    """
    labels, count = samples.labels(samples.train_rows), len(samples.classes)
    strata = split.stratify(labels)
    test_features = trained_head.space(samples.features[samples.test_rows])
    truth = samples.labels(samples.test_rows)
    order = np.random.default_rng([seed, 8]).permutation(len(labels))
    by_class = [order[strata[order] == label] for label in range(strata.max() + 1)]
    curve: list[dict[str, Any]] = []
    for share in LEARNING_CURVE_SHARES:
        rows = np.concatenate([rows[: max(MIN_CLASS_IMAGES, round(share * len(rows)))] for rows in by_class])
        if curve and curve[-1]["images"] == len(rows):
            continue
        # Keep the penalty per image the same.
        strength = trained_head.choice.strength * len(labels) / len(rows)
        linear = head.fit(trained_head.space.features[rows], labels[rows], count, strength)
        curve.append({"images": len(rows), **evaluate.measure(linear.predict(test_features), truth)})
    return curve


def project_to_plane(samples: TrainingSet, trained_head: TrainedHead, rows: np.ndarray) -> np.ndarray:
    """Projects images on the plane that separates the classes best, `(n, 2) float32`.

    Uses linear discriminant analysis of the training images' features. An image with several labels belongs
    to the class of its rarest one, and those without a label are a class.

    Args:
        samples: the dataset.
        trained_head: its `space` provides the features.
        rows: images to project, ideally of the test split: training images look better separated than they
            are.
    """
    from scipy.linalg import eigh

    train_features, labels = trained_head.space.features, split.stratify(samples.labels(samples.train_rows))
    class_count = int(labels.max()) + 1
    means = np.stack([train_features[labels == label].mean(axis=0) for label in range(class_count)])
    deviations = train_features - means[labels]
    scatter = deviations.T @ deviations / len(train_features)
    # Regularize: with one training image per class the within-class scatter is zero.
    scatter[np.diag_indices_from(scatter)] += max(0.1 * np.trace(scatter) / len(scatter), 1e-6)
    class_shares = np.bincount(labels) / len(labels)
    offsets = means - class_shares @ means
    between = offsets.T @ (class_shares[:, None] * offsets)
    last = len(scatter) - 1
    axes = eigh(between, scatter, subset_by_index=[last - 1, last])[1][:, ::-1]
    if class_count == 2:  # one axis separates them; the other is the first principal component
        axes[:, 1] = np.eye(len(scatter))[0]
    points = trained_head.space(samples.features[rows]) @ axes
    return (points / (np.abs(points).max(axis=0) + 1e-9)).astype("float32")
