"""Measures on a dataset how features, regularization, size, ensembles and wrong labels affect accuracy.

Each experiment trains the linear head of classifiers many times, which takes seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from studio.classify.data import audit
from studio.classify.training import head
from studio.classify.training.evaluate import wilson_interval
from studio.classify.training.head import FeatureSpace
from studio.classify.training.training_set import TrainingSet
from studio.core.progress import Progress

STRENGTHS = tuple(float(10.0**n) for n in range(0, -8, -1))
CLASS_IMAGES = (1, 2, 3, 5, 8, 12, 20, 40, 80, 160, 320)  # training images per class
SUBSETS = 8  # random subsets of each size
ENSEMBLE_HEADS, ENSEMBLE_ORDERS = 25, 40
ENSEMBLE_CLASS_IMAGES = 4  # training images per class of each head of the ensemble
CHANGED_SHARE = 0.1  # share of labels that are changed
MIN_CHANGED = 3


@dataclass(frozen=True)
class FeatureSplit:
    """One kind of features, split into training and test images.

    Attributes:
        train, test: features, `(n, d)` and `(m, d) float32`.
        labels, truth: the classes of both.
        folds: the cross-validation fold of each training image.
        class_count: number of classes.
    """

    train: np.ndarray
    test: np.ndarray
    labels: np.ndarray
    truth: np.ndarray
    folds: np.ndarray
    class_count: int

    def predict(
        self, space: FeatureSpace, strength: float, rows: np.ndarray | slice = slice(None)
    ) -> np.ndarray:
        """Returns the test probabilities `(m, k)` of a head trained on some rows."""
        linear = head.fit(space.features[rows], self.labels[rows], self.class_count, strength)
        return linear.predict(space(self.test))


def measure_accuracy(split: FeatureSplit, seed: int) -> dict[str, Any]:
    """Measures the test accuracy of a head; cross-validation selects its regularization.

    Returns:
        `accuracy`, its 95% `interval`, and `width`, the number of features per image.
    """
    space = FeatureSpace(split.train, head.RANK, seed)
    choice = head.choose_strength(split.train, split.labels, split.class_count, split.folds, seed)
    hits = split.predict(space, choice.strength).argmax(axis=1) == split.truth
    return {
        "accuracy": float(hits.mean()),
        "interval": list(wilson_interval(int(hits.sum()), len(hits))),
        "width": int(split.train.shape[1]),
    }


def compare_strengths(split: FeatureSplit, seed: int) -> list[dict[str, float]]:
    """Measures the training and validation loss by strength of the L2 regularization.

    Returns:
        Entries with `strength`, and the losses in nats per image: `training_loss` and
        `validation_loss`.
    """
    curve = []
    masks = [split.folds == fold for fold in range(int(split.folds.max()) + 1)]
    projections = [(mask, *head.project_fold(split.train, mask, seed)) for mask in masks]
    for strength in STRENGTHS:
        train_losses, probabilities = [], np.empty((len(split.labels), split.class_count), "float32")
        for mask, train_features, validation_features in projections:
            linear = head.fit(train_features, split.labels[~mask], split.class_count, strength)
            train_losses.append(head.log_loss(linear.predict(train_features), split.labels[~mask]))
            probabilities[mask] = linear.predict(validation_features)
        validation_loss = head.log_loss(probabilities, split.labels)
        curve.append(
            {
                "strength": strength,
                "training_loss": float(np.mean(train_losses)),
                "validation_loss": validation_loss,
            }
        )
    return curve


def compare_dataset_sizes(
    split: FeatureSplit, space: FeatureSpace, strength: float, seed: int
) -> list[dict[str, float]]:
    """Measures the test accuracy by number of training images per class, over some random subsets.

    Returns:
        Entries with `images` (per class), and `accuracy`, `low` and `high`: its mean, minimum and maximum.
    """
    rng = np.random.default_rng([seed, 1])
    smallest = int(np.bincount(split.labels, minlength=split.class_count).min())
    curve = []
    for count in [n for n in CLASS_IMAGES if n < smallest] + [smallest]:
        subset_count = 1 if count == smallest and _is_balanced(split) else SUBSETS
        accuracies = [
            _measure_subset_accuracy(split, space, strength, _draw_rows(rng, split, count))
            for _ in range(subset_count)
        ]
        curve.append(
            {
                "images": count,
                "accuracy": float(np.mean(accuracies)),
                "low": float(min(accuracies)),
                "high": float(max(accuracies)),
            }
        )
    return curve


def _is_balanced(split: FeatureSplit) -> bool:
    """Tells whether all classes have the same number of images, so that only one subset has them all."""
    counts = np.bincount(split.labels, minlength=split.class_count)
    return bool((counts == counts[0]).all())


def _draw_rows(rng: np.random.Generator, split: FeatureSplit, count: int) -> np.ndarray:
    """Draws `count` training rows of each class."""
    by_class = (np.flatnonzero(split.labels == label) for label in range(split.class_count))
    return np.concatenate([rng.permutation(rows)[:count] for rows in by_class])


def _measure_subset_accuracy(
    split: FeatureSplit, space: FeatureSpace, strength: float, rows: np.ndarray
) -> float:
    """Returns the test accuracy of a head trained on some rows, with the same penalty per image."""
    scaled = strength * len(split.labels) / len(rows)
    return float((split.predict(space, scaled, rows).argmax(axis=1) == split.truth).mean())


def compare_ensembles(split: FeatureSplit, space: FeatureSpace, strength: float, seed: int) -> dict[str, Any]:
    """Measures the accuracy of ensembles of heads, each trained on a few other images of each class.

    Reference:
        Breiman 1996, Bagging Predictors.

    Returns:
        `each`: training images per class of each head. `heads`: for each ensemble size, the `accuracy` of the
        mean probabilities, averaged over random orders of the heads.
    """
    rng = np.random.default_rng([seed, 2])
    each = min(ENSEMBLE_CLASS_IMAGES, int(np.bincount(split.labels, minlength=split.class_count).min()))
    predictions = []
    for _ in range(ENSEMBLE_HEADS):
        rows = _draw_rows(rng, split, each)
        predictions.append(split.predict(space, strength * len(split.labels) / len(rows), rows))
    orders = [
        np.cumsum(np.stack(predictions)[rng.permutation(ENSEMBLE_HEADS)], axis=0)
        for _ in range(ENSEMBLE_ORDERS)
    ]
    accuracies = np.mean([(sums.argmax(axis=2) == split.truth).mean(axis=1) for sums in orders], axis=0)
    return {
        "each": each,
        "heads": [{"heads": n + 1, "accuracy": float(accuracy)} for n, accuracy in enumerate(accuracies)],
    }


def find_changed_labels(
    samples: TrainingSet, split: FeatureSplit, rows: np.ndarray, seed: int
) -> dict[str, Any]:
    """Changes some labels and looks for them as an audit does.

    Each becomes one of the other classes with equal probability. People confuse similar classes more often,
    and such errors are harder to find, so a second run uses the most similar class.

    Args:
        samples: the dataset.
        split: features of the images of `rows`.
        rows: `(n,)`, training rows.
        seed: selects the labels and their new classes.

    Returns:
        `images`, and `wrong`, how many labels were changed; `list`: for each suspicious label, most
        suspicious first, whether it was changed; `list_similar`: likewise with the most similar class;
        `examples`: names, true and changed labels of some.
    """
    rng = np.random.default_rng([seed, 3])
    count = min(max(MIN_CHANGED, round(CHANGED_SHARE * len(rows))), len(rows) // 3)
    changed = rng.permutation(len(rows))[:count]
    random_classes = (split.labels[changed] + rng.integers(1, split.class_count, count)) % split.class_count
    similar_classes = _find_most_similar_classes(split)[split.labels[changed]]
    suspicious = _find_suspicious_labels(samples, split, rows, changed, random_classes, seed)
    suspicious_similar = _find_suspicious_labels(samples, split, rows, changed, similar_classes, seed)
    changed_names = {samples.dataset.names[row] for row in rows[changed]}
    return {
        "images": len(rows),
        "wrong": count,
        "list": [entry["name"] in changed_names for entry in suspicious],
        "list_similar": [entry["name"] in changed_names for entry in suspicious_similar],
        "examples": [
            {"name": entry["name"], "label": entry["label"], "looks_like": entry["looks_like"]}
            for entry in suspicious
            if entry["name"] in changed_names
        ][:6],
    }


def _find_suspicious_labels(
    samples: TrainingSet,
    split: FeatureSplit,
    rows: np.ndarray,
    changed: np.ndarray,
    classes: np.ndarray,
    seed: int,
) -> list[dict[str, Any]]:
    """Returns the suspicious labels that an audit lists after the labels at `changed` became `classes`."""
    labels = split.labels.copy()
    labels[changed] = classes
    choice = head.choose_strength(split.train, labels, split.class_count, split.folds, seed)
    all_labels = samples.dataset.known_labels.copy()
    all_labels[rows] = labels
    return audit.find_suspicious_labels(
        replace(samples.dataset, labels=all_labels), rows, choice.validation_probabilities, len(rows)
    )


def _find_most_similar_classes(split: FeatureSplit) -> np.ndarray:
    """Returns for each class, `(k,)`, the other class with the nearest mean features."""
    means = np.stack([split.train[split.labels == label].mean(axis=0) for label in range(split.class_count)])
    distances = np.linalg.norm(means[:, None] - means, axis=2)
    np.fill_diagonal(distances, np.inf)
    return distances.argmin(axis=1)


def run_experiments(
    samples: TrainingSet,
    kinds: Mapping[str, np.ndarray],
    main: str,
    rows: np.ndarray,
    test_rows: np.ndarray,
    seed: int,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Runs all experiments.

    Args:
        samples: the dataset.
        kinds: features by kind, of the images of `rows`, then of `test_rows`.
        main: the kind of features of all experiments but the first.
        rows, test_rows: training and test rows.
        seed: of all random choices.
        progress: receives each experiment.

    Returns:
        `features`, `regularization`, `dataset_sizes`, `ensemble` and `wrong_labels`, the results of the five
        experiments; `classes`; `training_images` and `tested`, the numbers of training and test images;
        `backbone`.

    Raises:
        Cancelled: if a user asked to stop.
    """
    progress = progress or Progress()
    folds = samples.folds[np.searchsorted(samples.train_rows, rows)]
    labels, truth, class_count = samples.labels(rows), samples.labels(test_rows), len(samples.classes)
    splits = {
        kind: FeatureSplit(vectors[: len(rows)], vectors[len(rows) :], labels, truth, folds, class_count)
        for kind, vectors in kinds.items()
    }
    features = []
    for n, (kind, split) in enumerate(splits.items()):
        progress.report(n, len(splits) + 4, text="Comparing features")
        features.append({"kind": kind, **measure_accuracy(split, seed)})
    main_split = splits[main]
    space = FeatureSpace(main_split.train, head.RANK, seed)
    progress.report(len(splits), len(splits) + 4, text="Varying the regularization")
    regularization = compare_strengths(main_split, seed)
    best = min(regularization, key=lambda point: point["validation_loss"])["strength"]
    progress.report(len(splits) + 1, len(splits) + 4, text="Varying the dataset size")
    dataset_sizes = compare_dataset_sizes(main_split, space, best, seed)
    progress.report(len(splits) + 2, len(splits) + 4, text="Training the ensemble")
    ensemble = compare_ensembles(main_split, space, best, seed)
    progress.report(len(splits) + 3, len(splits) + 4, text="Finding wrong labels")
    return {
        "classes": list(samples.classes),
        "training_images": len(rows),
        "tested": len(test_rows),
        "backbone": main,
        "features": features,
        "regularization": regularization,
        "dataset_sizes": dataset_sizes,
        "ensemble": ensemble,
        "wrong_labels": find_changed_labels(samples, main_split, rows, seed),
    }
