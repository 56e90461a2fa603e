"""Labels that look wrong to a classifier that a user has: by what it sees, and by what it says."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.classify.data import audit, matching
from studio.classify.models.classifier import Classifier
from studio.classify.training import features, head, training_set
from studio.classify.training.evaluate import evaluate
from studio.core.data.cache import ImageDataset
from studio.core.data.names import first_few
from studio.core.progress import Progress

MOST_TOLD = 2000  # images of which it is told what they were taken for


def by_classifier(
    classifier: Classifier,
    name: str,
    dataset: ImageDataset,
    groups: np.ndarray,
    seed: int,
    progress: Progress,
) -> dict[str, Any]:
    """Labels that look wrong to heads on what a classifier sees, and where it knows all classes to itself.

    What it says is of images that it may have learned from, and then it finds their labels right, wrong ones
    too. The heads have not learned from the images that they doubt, so that both are asked.

    Args:
        classifier: that a user has.
        name: of its file.
        dataset: of the data set, of two classes at least.
        groups: `(n,)`, those that are nearly the same.
        seed: of the heads.
        progress: told of each stage.

    Returns:
        `suspicious`, as `audit.suspicious` has it, those first that both doubt; `notes`, sentences on what
        was looked at; and where it knows all classes `score`, with its `evaluation`, as `evaluate` has it,
        and what it took each image for, `tested`; else `unknown`, those that it does not know.

    Raises:
        NoRoom: if it sees too much in too many images.
        StudioError: if it sees nothing that a head could learn from.
        Cancelled: if a user asked to stop.
    """
    count, labels, rows = len(dataset.names), dataset.known_labels, np.arange(len(dataset.names))
    features.check_width(classifier.seeing.shape[-1], count, name)
    seen, answers = classifier.seen(dataset.images, progress)
    features.keep(dataset, classifier, seen)
    parts = training_set.folds(labels, groups, seed)
    choice = head.choose(seen, labels, len(dataset.classes), parts, seed, progress)
    doubted = audit.suspicious(dataset, rows, choice.left_out)
    places = matching.places(dataset.classes, classifier.classes, loosely=True)
    if unknown := matching.unknown(dataset.classes, places):
        note = f"Labels were checked with the features of {name}. It does not know {first_few(unknown)}."
        return {"suspicious": doubted, "notes": [note], "unknown": unknown}
    known = np.array(places, "int64")
    said = audit.suspicious(dataset, rows, answers[:, known])
    note = (
        f"Labels were checked with the features and the predictions of {name}. Its predictions repeat "
        "the labels of images that it was trained on."
    )
    score = _score(dataset, answers, known[labels], classifier.classes)
    return {"suspicious": _both(doubted, said), "notes": [note], "score": score}


def _score(
    dataset: ImageDataset, answers: np.ndarray, truth: np.ndarray, classes: tuple[str, ...]
) -> dict[str, Any]:
    """How right it is on all images, and what it took those for that are told one by one."""
    told = np.unique(np.linspace(0, len(truth) - 1, min(MOST_TOLD, len(truth))).astype("int64"))
    return {
        "evaluation": evaluate(answers, truth, classes),
        "tested": {
            "names": [dataset.names[row] for row in told],
            "truth": truth[told].tolist(),
            "guess": answers[told].argmax(axis=1).tolist(),
            "confidence": [round(float(one), 3) for one in answers[told].max(axis=1)],
        },
    }


def _both(doubted: list[dict[str, Any]], said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each image once: first what is in both, then what heads doubt, then what the classifier says."""
    names = {one["name"] for one in doubted}, {one["name"] for one in said}
    first = [one for one in doubted if one["name"] in names[1]]
    rest = [one for one in doubted if one["name"] not in names[1]]
    return [*first, *rest, *(one for one in said if one["name"] not in names[0])][: audit.MOST_LISTED]
