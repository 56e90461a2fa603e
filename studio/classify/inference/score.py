"""Scores of classifiers on images that they were not trained on."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.classify.data import matching, split
from studio.classify.models import imported_classifier, trained
from studio.classify.models.classifier import Classifier
from studio.classify.settings import AUTO
from studio.classify.training import split_record
from studio.classify.training.evaluate import evaluate, list_metrics, list_top_losses
from studio.core import data
from studio.core.data import ImageDataset, sample_sets, shares
from studio.core.data.names import count_phrase, join_first_few
from studio.core.data.sources import invalid_data_set
from studio.core.errors import InvalidInput, invalid, unknown
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.imported.preprocessing import LABELS, describe


def score_preset(
    preset: Preset, where: str, part: tuple[float, float] | None, progress: Progress
) -> dict[str, Any]:
    """Evaluates a classifier on a dataset; on its own dataset, repeats the test of its training run.

    Args:
        preset: a classifier.
        where: the path of a dataset, `sample:NAME` or `tfds:NAME`.
        part: start and end of the part to use, as shares of each class, sorted with the test split last.
            None: the test split, or all images of another dataset. Training images in another dataset are
            left out first.
        progress: receives each stage.

    Returns:
        The metrics of `evaluate.list_metrics`, `per_class`, `top_losses`, and `notes` on images left out.

    Raises:
        InvalidInput: if the dataset cannot be read or has other classes, or the model's files are incomplete.
        Unavailable: if its backbone cannot be loaded.
    """
    classes = trained.classes_of(preset)
    file = sample_sets.resolve(where, progress)
    dataset = data.load_dataset(file, trained.side_of(preset), progress=progress)
    truth = match_labels(dataset, classes, where, independent=trained.is_multi_label(preset))
    test_mask = split_record.load_test_mask(preset, dataset)
    train_mask, notes = (
        (np.zeros_like(test_mask), []) if test_mask.any() else _find_training_images(preset, dataset)
    )
    rows = _select_rows(truth, test_mask, train_mask, part)
    classifier = trained.load(preset)
    metrics = _measure(classifier, dataset, rows, truth[rows], progress)
    return {**metrics, "notes": [*dataset.notes, *notes]}


def score_imported(
    file: File,
    where: str,
    part: tuple[float, float] | None,
    progress: Progress,
    preprocessing: str | None = None,
    flat: bool = False,
) -> dict[str, Any]:
    """Evaluates an imported classifier, whose training images are unknown.

    Args:
        file: of the classifier.
        where, part: as for `score_preset`.
        progress: receives each stage.
        preprocessing: one of `preprocessing.LABELS`; None reads it from the model.
        flat: whether a flat input takes the pixels of an image.

    Returns:
        As `score_preset`, and `preprocessing`.

    Raises:
        InvalidInput: if the dataset cannot be read or has other classes, or the model is refused.
    """
    if preprocessing not in (None, AUTO, *LABELS):
        raise unknown("preprocessing", preprocessing, (AUTO, *LABELS))
    facts = imported_classifier.read_facts(file, flat)
    choice = facts.choose_preprocessing(preprocessing or AUTO)
    dataset = data.load_dataset(
        sample_sets.resolve(where, progress), matching.dataset_side(facts.size), progress=progress
    )
    # An imported network with sigmoids may have been trained on one label for each image.
    independent = facts.output_kind == "shares" and dataset.multi_hot is not None
    truth = match_labels(dataset, facts.classes, where, file.name, independent)
    no_images = np.zeros(len(truth), bool)
    rows = _select_rows(truth, no_images, no_images, part)
    classifier = imported_classifier.load(file, choice.preprocessing, flat)
    metrics = _measure(classifier, dataset, rows, truth[rows], progress)
    note = f"{file.name} may have been trained on some of these images; its training data are unknown."
    return {
        **metrics,
        "preprocessing": choice.preprocessing,
        "notes": [*dataset.notes, f"{describe(choice)}.", note],
    }


def _measure(
    classifier: Classifier, dataset: ImageDataset, rows: np.ndarray, truth: np.ndarray, progress: Progress
) -> dict[str, Any]:
    """Classifies some images, and returns the metrics of a score. `truth` is that of `match_labels`."""
    progress.report_stage("Classifying images")
    probabilities = classifier.predict(dataset.images[rows], progress)
    metrics = evaluate(probabilities, truth, classifier.classes)
    return {
        **list_metrics(metrics),
        "per_class": metrics["per_class"],
        "top_losses": list_top_losses(dataset, rows, truth, probabilities, classifier.classes),
    }


def match_labels(
    dataset: ImageDataset,
    classes: tuple[str, ...],
    where: str,
    model: str = "",
    independent: bool = False,
) -> np.ndarray:
    """Returns the labels of all images as a classifier's class indices.

    Args:
        dataset: the images.
        classes: of the classifier.
        where: name of the dataset.
        model: name of an imported classifier, whose classes may differ in case.
        independent: whether to return multi-hot labels.

    Returns:
        `(n,) int64`, or multi-hot, `(n, k) bool`.

    Raises:
        InvalidInput: for other classes, or several labels for a classifier of one.
    """
    if dataset.multi_hot is not None and not independent:
        expected, step = "one label for each image, as the classifier has", "choose another data set"
        raise invalid_data_set(where, expected, "several labels for some images", step)
    if not dataset.classes:
        raise _class_mismatch_error(where, "only one folder", classes, model)
    indices = matching.find_class_indices(dataset.classes, classes, loosely=bool(model))
    if unknown_classes := matching.list_unknown(dataset.classes, indices):
        raise _class_mismatch_error(
            where, f"unknown classes: {join_first_few(unknown_classes)}", classes, model
        )
    if dataset.multi_hot is None:
        labels = np.array(indices)[dataset.known_labels]
        return np.eye(len(classes), dtype=bool)[labels] if independent else labels
    truth = np.zeros((len(dataset.names), len(classes)), bool)
    truth[:, np.array(indices)] = dataset.multi_hot
    return truth


def _class_mismatch_error(
    where: str, received: str, classes: tuple[str, ...], model: str = ""
) -> InvalidInput:
    of = f" of {model}" if model else ""
    step = (
        "choose another data set, or pass the folder names as class names with --labels"
        if model
        else "choose another data set"
    )
    expected = f"one folder per class{of}: {join_first_few(classes)}"
    return invalid(f"data set {where}", expected=expected, received=received, next_step=step)


def _find_training_images(preset: Preset, dataset: ImageDataset) -> tuple[np.ndarray, list[str]]:
    """Returns the mask of training images in a dataset, and a note if there are any."""
    train_mask = split_record.load_training_mask(preset, dataset)
    text = count_phrase(int(train_mask.sum()), "training image", "training images")
    return train_mask, [f"{text} left out."] if train_mask.any() else []


def _select_rows(
    truth: np.ndarray, test_mask: np.ndarray, train_mask: np.ndarray, part: tuple[float, float] | None
) -> np.ndarray:
    """Returns the rows to evaluate, sorted."""
    if part is None and test_mask.any():
        return np.flatnonzero(test_mask)
    part = part or (0.0, 1.0)
    parts, labels = [], split.stratify(truth)
    for label in range(labels.max() + 1):
        rows = np.flatnonzero((labels == label) & ~train_mask)
        order = np.concatenate([rows[~test_mask[rows]], rows[test_mask[rows]]])
        start, end = shares.part_bounds(len(rows), part)
        parts.append(order[start:end])
    return np.sort(np.concatenate(parts))
