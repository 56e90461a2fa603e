"""Finds suspicious labels with a given classifier, by its features and by its predictions."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.classify.data import audit, matching
from studio.classify.models.classifier import Classifier
from studio.classify.training import features, head, training_set
from studio.classify.training.evaluate import evaluate, list_predictions, list_top_losses
from studio.core.data.cache import ImageDataset
from studio.core.data.names import join_first_few
from studio.core.progress import Progress

MAX_LISTED_PREDICTIONS = 2000  # images whose predictions are listed


def check_labels(
    classifier: Classifier,
    name: str,
    dataset: ImageDataset,
    groups: np.ndarray,
    seed: int,
    progress: Progress,
) -> dict[str, Any]:
    """Finds labels that look wrong to heads on a classifier's features, or to the classifier itself.

    The classifier may have been trained on these images and then agrees even with wrong labels. The heads are
    cross-validated, so both are used.

    Args:
        classifier: a trained or imported classifier.
        name: of its file.
        dataset: has two classes at least.
        groups: `(n,)`, group of near-duplicates of each image.
        seed: of the heads.
        progress: receives each stage.

    Returns:
        `suspicious`, as `audit.find_suspicious_labels` returns it, first those found by both; `notes`; if the
        classifier has all classes, `score` with its `evaluation`, see `evaluate`, its predictions, `tested`,
        and its `top_losses`; otherwise `unknown`, the classes that it does not have.

    Raises:
        InsufficientSpace: if the features take too much memory.
        StudioError: if the classifier has no layer with weights.
        Cancelled: if a user asked to stop.
    """
    labels, rows = dataset.known_labels, np.arange(len(dataset.names))
    features.check_width(classifier.features.shape[-1], len(rows), name)
    vectors, probabilities = classifier.predict_with_features(dataset.images, progress)
    features.store_features(dataset, classifier, vectors)
    folds = training_set.assign_folds(labels, groups, seed)
    choice = head.choose_strength(vectors, labels, len(dataset.classes), folds, seed, progress)
    by_heads = audit.find_suspicious_labels(dataset, rows, choice.validation_probabilities)
    class_indices = matching.find_class_indices(dataset.classes, classifier.classes, loosely=True)
    if unknown := matching.list_unknown(dataset.classes, class_indices):
        note = f"Labels were checked with the features of {name}. It does not know {join_first_few(unknown)}."
        return {"suspicious": by_heads, "notes": [note], "unknown": unknown}
    indices = np.array(class_indices, "int64")
    by_predictions = audit.find_suspicious_labels(dataset, rows, probabilities[:, indices])
    note = (
        f"Labels were checked with the features and the predictions of {name}. Its predictions repeat "
        "the labels of images that it was trained on."
    )
    score = _evaluate_classifier(dataset, probabilities, indices[labels], classifier.classes)
    return {"suspicious": _merge_entries(by_heads, by_predictions), "notes": [note], "score": score}


def _evaluate_classifier(
    dataset: ImageDataset, probabilities: np.ndarray, truth: np.ndarray, classes: tuple[str, ...]
) -> dict[str, Any]:
    """Evaluates the classifier on all images and lists its predictions for some."""
    rows = np.unique(np.linspace(0, len(truth) - 1, min(MAX_LISTED_PREDICTIONS, len(truth))).astype("int64"))
    return {
        "evaluation": evaluate(probabilities, truth, classes),
        "tested": list_predictions(dataset, rows, truth[rows], probabilities[rows]),
        "top_losses": list_top_losses(dataset, np.arange(len(truth)), truth, probabilities, classes),
    }


def _merge_entries(
    by_heads: list[dict[str, Any]], by_predictions: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Merges both lists: first entries in both, then those by heads, then those by predictions."""
    head_names = {entry["name"] for entry in by_heads}
    predicted_names = {entry["name"] for entry in by_predictions}
    in_both = [entry for entry in by_heads if entry["name"] in predicted_names]
    heads_only = [entry for entry in by_heads if entry["name"] not in predicted_names]
    predictions_only = [entry for entry in by_predictions if entry["name"] not in head_names]
    return [*in_both, *heads_only, *predictions_only][: audit.MAX_LISTED]
