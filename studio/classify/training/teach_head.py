"""Training the head: on features alone, within seconds; and what its figures show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.classify.models import trained
from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import head
from studio.classify.training.head import Choice, Linear, Space
from studio.classify.training.training_set import TrainingSet
from studio.core.progress import Progress
from studio.core.training import optimizers

if TYPE_CHECKING:
    import keras

SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # of the images, for the learning curve
LEAST_LEARNED = 2  # images of each class, for a point of that curve
_MLP_PASSES = 60
_MLP_RATE = 1e-3


@dataclass(frozen=True)
class Taught:
    """A head that has learned.

    Attributes:
        weights: of its dense layers, as Keras takes them.
        probabilities: `(n, k)` of all images of the lesson, whether held out or not.
        choice: how its strength was found.
        space: the directions in which the features differ most.
        left_out: `(m, k)` of the images learned from, by heads that have not learned from them; none unless
            the settings ask for `validation`.
    """

    weights: list[np.ndarray]
    probabilities: np.ndarray
    choice: Choice
    space: Space
    left_out: np.ndarray


def teach(lesson: TrainingSet, settings: TrainClassifierSettings, progress: Progress | None = None) -> Taught:
    """Solves the head.

    Args:
        lesson: see `studio.classify.training.training_set.load`.
        settings: `head`, `hidden`, `strength` and `seed`.
        progress: told of each part.

    Raises:
        Cancelled: if a user asked to stop.
    """
    progress = progress or Progress()
    labels, count = lesson.labels(lesson.learned), len(lesson.classes)
    features, none = lesson.features[lesson.learned], np.empty((0, count), "float32")
    space = Space(features, head.RANK, settings.seed)
    if settings.strength and not settings.validation:
        choice = Choice(settings.strength, {}, none)
    else:
        strengths = (settings.strength,) if settings.strength else head.STRENGTHS
        choice = head.choose(features, labels, count, lesson.parts, settings.seed, progress, strengths)
    solved = space.unfolded(head.solve(space.rows, labels, count, choice.strength))
    if settings.head == "linear":
        weights = [solved.weights, solved.bias]
        left_out = choice.left_out if settings.validation else none
        return Taught(weights, solved.probabilities(lesson.features), choice, space, left_out)
    left_out = _mlp_left_out(lesson, settings, progress) if settings.validation else none
    weights, probabilities = _mlp(Space(features), lesson, settings, progress)
    return Taught(weights, probabilities, choice, space, left_out)


def _mlp_left_out(lesson: TrainingSet, settings: TrainClassifierSettings, progress: Progress) -> np.ndarray:
    """`(n, k)` of the images learned from, each by a head with a hidden layer of the other folds."""
    found = np.empty((len(lesson.learned), len(lesson.classes)), "float32")
    for part in range(int(lesson.parts.max()) + 1):
        out = lesson.parts == part
        rest = replace(lesson, learned=lesson.learned[~out])
        _, probabilities = _mlp(Space(lesson.features[rest.learned]), rest, settings, progress)
        found[out] = probabilities[lesson.learned[out]]
    return found


def _mlp(
    space: Space, lesson: TrainingSet, settings: TrainClassifierSettings, progress: Progress
) -> tuple[list[np.ndarray], np.ndarray]:
    """A head with a hidden layer. Its seed is everybody's: the order of `fit` has none of its own."""
    import keras

    keras.utils.set_random_seed(settings.seed)
    rows, labels = space.rows * np.float32(np.sqrt(space.rows.shape[1])), lesson.labels(lesson.learned)
    network = keras.Sequential(
        [
            keras.Input(rows.shape[1:]),
            keras.layers.Dropout(0.3, seed=settings.seed),
            keras.layers.Dense(settings.hidden, activation="relu"),
            keras.layers.Dropout(0.5, seed=settings.seed + 1),
            keras.layers.Dense(len(lesson.classes), activation="softmax"),
        ]
    )
    rate = optimizers.schedule(_MLP_RATE, _MLP_PASSES * -(-len(rows) // 64))
    network.compile(optimizers.adamw(rate, weight_decay=0.01), "sparse_categorical_crossentropy")

    def told(epoch: int, logs: dict[str, float]) -> None:
        progress.report(epoch + 1, _MLP_PASSES, {"loss": logs["loss"]}, text="Training the head")

    watch = keras.callbacks.LambdaCallback(on_epoch_end=told)
    network.fit(rows, labels, batch_size=64, epochs=_MLP_PASSES, verbose=0, callbacks=[watch])
    kernel, bias, last, last_bias = network.get_weights()
    kernel = kernel * np.float32(np.sqrt(len(kernel)) / space.scale)
    weights = [kernel, bias - space.mean @ kernel, last, last_bias]
    hidden = np.maximum(lesson.features @ weights[0] + weights[1], 0)
    return weights, Linear(last, last_bias).probabilities(hidden)


def tail(lesson: TrainingSet, settings: TrainClassifierSettings, taught: Taught) -> keras.Model:
    """The head as a network on the backbone's last activations: what is saved of it."""
    import keras

    maps = keras.Input((None, None, lesson.features.shape[1]), name="maps")
    made = keras.Model(maps, trained.head(maps, len(lesson.classes), settings), name="learned")
    made.set_weights(taught.weights)
    return made


def learning_curve(lesson: TrainingSet, taught: Taught, seed: int) -> list[dict[str, Any]]:
    """How right a linear head is on the held-out images after so many others.

    Returns:
        Each with `images` and `accuracy`, from few to all.
    """
    labels, count = lesson.labels(lesson.learned), len(lesson.classes)
    tested = taught.space(lesson.features[lesson.held_out])
    truth = lesson.labels(lesson.held_out)
    order = np.random.default_rng([seed, 8]).permutation(len(labels))
    mine = [order[labels[order] == one] for one in range(count)]
    found: list[dict[str, Any]] = []
    for share in SHARES:
        rows = np.concatenate([rows[: max(LEAST_LEARNED, round(share * len(rows)))] for rows in mine])
        if found and found[-1]["images"] == len(rows):
            continue
        strength = taught.choice.strength * len(labels) / len(rows)  # as strong next to each image
        solved = head.solve(taught.space.rows[rows], labels[rows], count, strength)
        right = solved.probabilities(tested).argmax(axis=1) == truth
        found.append({"images": len(rows), "accuracy": float(right.mean())})
    return found


def projection(lesson: TrainingSet, taught: Taught, rows: np.ndarray) -> np.ndarray:
    """Where images lie in the plane that keeps the classes farthest apart, `(n, 2) float32`.

    Linear discriminants of the features, found with the images learned from alone.

    Args:
        rows: of the images, held out at best: those learned from look farther apart than they are.
    """
    from scipy.linalg import eigh

    known, labels = taught.space.rows, lesson.labels(lesson.learned)
    means = np.stack([known[labels == one].mean(axis=0) for one in range(len(lesson.classes))])
    inside = known - means[labels]
    within = inside.T @ inside / len(known)
    # With one image of each class to learn from nothing differs within a class: all directions are alike.
    within[np.diag_indices_from(within)] += max(0.1 * np.trace(within) / len(within), 1e-6)
    share = np.bincount(labels) / len(labels)
    apart = means - share @ means
    last = len(within) - 1
    axes = eigh(apart.T @ (share[:, None] * apart), within, subset_by_index=[last - 1, last])[1][:, ::-1]
    if len(lesson.classes) == 2:  # which one direction tells apart; the other shows how else they differ
        axes[:, 1] = np.eye(len(within))[0]
    found = taught.space(lesson.features[rows]) @ axes
    return (found / (np.abs(found).max(axis=0) + 1e-9)).astype("float32")
