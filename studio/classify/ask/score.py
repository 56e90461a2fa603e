"""The score of a trained classifier on images that it has not learned from."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.classify.data import matching
from studio.classify.models import imported_classifier, trained
from studio.classify.settings import AUTO
from studio.classify.training import held_out
from studio.classify.training.evaluate import evaluate
from studio.core import data
from studio.core.data import ImageDataset, sample_sets, shares
from studio.core.data.names import counted, first_few
from studio.core.errors import InvalidInput, invalid, unknown
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.imported.preprocessing import LABELS, describe


def figures(
    preset: Preset, where: str, part: tuple[float, float] | None, progress: Progress
) -> dict[str, Any]:
    """Measures a classifier on a data set; on the one that it learned from, the same as its training told.

    Args:
        preset: a classifier.
        where: the path of the data set, `sample:NAME` or `tfds:NAME`.
        part: where the part begins and ends, as shares of each class: those that it was tested on come last,
            the others by name. None: what it was tested on, or of other data all. Of other data, those that
            it learned from are left out first.

    Returns:
        accuracy, interval, n, per_class, calibration_error and its floor, and notes: what was left out.

    Raises:
        InvalidInput: if the data set cannot be read or has other classes, or the model is not whole.
        Unavailable: if its backbone is out of reach.
    """
    classes = trained.classes_of(preset)
    file = sample_sets.resolve(where, progress)
    found = data.load_dataset(file, trained.side_of(preset), progress=progress)
    truth = _truth(found, classes, where)
    last = held_out.test_mask(preset, found)
    learned, notes = (np.zeros_like(last), []) if last.any() else _learned(preset, found)
    rows = _rows(truth, last, learned, part)
    classifier = trained.open(preset)
    progress.stage("Classifying images")
    told = evaluate(classifier.probabilities(found.images[rows], progress), truth[rows], classes)
    return {
        "accuracy": told["accuracy"],
        "interval": told["interval"],
        "n": told["n"],
        "per_class": told["per_class"],
        "calibration_error": told["calibration"]["error"],
        "calibration_floor": told["calibration"]["floor"],
        "notes": [*found.notes, *notes],
    }


def of_imported(
    file: File,
    where: str,
    part: tuple[float, float] | None,
    progress: Progress,
    preprocessing: str | None = None,
    flat: bool = False,
) -> dict[str, Any]:
    """Measures an imported classifier, whose training images are not known.

    Args:
        file: of the classifier.
        where, part: as for `figures`.
        progress: told of each stage.
        preprocessing: one of `preprocessing.LABELS`; None for that of the model.
        flat: whether one that takes a row of numbers is given the pixels of an image.

    Returns:
        As `figures`, and `preprocessing`.

    Raises:
        InvalidInput: if the data set cannot be read or has other classes, or the model cannot be taken.
    """
    if preprocessing not in (None, AUTO, *LABELS):
        raise unknown("preprocessing", preprocessing, (AUTO, *LABELS))
    known = imported_classifier.known(file, flat)
    choice = known.choice(preprocessing or AUTO)
    found = data.load_dataset(
        sample_sets.resolve(where, progress), matching.side(known.size), progress=progress
    )
    truth = _truth(found, known.classes, where, file.name)
    none = np.zeros(len(truth), bool)
    rows = _rows(truth, none, none, part)
    classifier = imported_classifier.open(file, choice.preprocessing, flat)
    progress.stage("Classifying images")
    told = evaluate(classifier.probabilities(found.images[rows], progress), truth[rows], known.classes)
    said = f"{file.name} may have been trained on some of these images; its training data are unknown."
    return {
        **{name: told[name] for name in ("accuracy", "interval", "n", "per_class")},
        "calibration_error": told["calibration"]["error"],
        "calibration_floor": told["calibration"]["floor"],
        "preprocessing": choice.preprocessing,
        "notes": [*found.notes, f"{describe(choice)}.", said],
    }


def _truth(found: ImageDataset, classes: tuple[str, ...], where: str, model: str = "") -> np.ndarray:
    """The place of each image's class among those of the classifier, however its letters are written."""
    if found.labels is None:
        raise _other(where, "only one folder", classes, model)
    known = matching.places(found.classes, classes, loosely=bool(model))
    if unknown := matching.unknown(found.classes, known):
        raise _other(where, f"unknown classes: {first_few(unknown)}", classes, model)
    return np.array(known)[found.labels]


def _other(where: str, received: str, classes: tuple[str, ...], model: str = "") -> InvalidInput:
    of = f" of {model}" if model else ""
    step = (
        "choose another data set, or pass the folder names as class names with --labels"
        if model
        else "choose another data set"
    )
    expected = f"one folder per class{of}: {first_few(classes)}"
    return invalid(f"data set {where}", expected=expected, received=received, next_step=step)


def _learned(preset: Preset, found: ImageDataset) -> tuple[np.ndarray, list[str]]:
    """Which images of another data set than its own a classifier learned from, and what is told of them."""
    learned = held_out.training_mask(preset, found)
    what = counted(int(learned.sum()), "training image", "training images")
    return learned, [f"{what} left out."] if learned.any() else []


def _rows(
    truth: np.ndarray, last: np.ndarray, learned: np.ndarray, part: tuple[float, float] | None
) -> np.ndarray:
    """Which images are looked at, sorted."""
    if part is None and last.any():
        return np.flatnonzero(last)
    part = part or (0.0, 1.0)
    chosen = []
    for one in range(truth.max() + 1):
        rows = np.flatnonzero((truth == one) & ~learned)
        ordered = np.concatenate([rows[~last[rows]], rows[last[rows]]])
        start, end = shares.bounds(len(rows), part)
        chosen.append(ordered[start:end])
    return np.sort(np.concatenate(chosen))
