"""Labels that look wrong to a classifier that a person has: by what it sees, and by what it says."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.classify.data import audit, matching
from studio.classify.models.classifier import Classifier
from studio.classify.teach import features, head, training_set
from studio.core.data.cache import Pictures
from studio.core.data.names import first_few
from studio.core.progress import Progress


def by_classifier(
    classifier: Classifier, name: str, pictures: Pictures, groups: np.ndarray, seed: int, progress: Progress
) -> tuple[list[dict[str, Any]], list[str]]:
    """Labels that look wrong to heads on what a classifier sees, and where it knows all classes to itself.

    What it says is of pictures that it may have learnt from, and then it finds their labels right, wrong ones
    too. The heads have not learnt from the pictures that they doubt, so that both are asked.

    Args:
        classifier: that a person has.
        name: of its file.
        pictures: of the data set, of two classes at least.
        groups: `(n,)`, those that are nearly the same.
        seed: of the heads.
        progress: told of each stage.

    Returns:
        As `audit.suspicious`, those first that both doubt; and sentences on what was looked at.

    Raises:
        NoRoom: if it sees too much in too many pictures.
        StudioError: if it sees nothing that a head could learn from.
        Cancelled: if a person asked to stop.
    """
    count, labels, rows = len(pictures.names), pictures.known_labels, np.arange(len(pictures.names))
    features.check_width(classifier.seeing.shape[-1], count, name)
    seen, answers = classifier.seen(pictures.images, progress)
    features.keep(pictures, classifier, seen)
    space = head.Space(seen, head.RANK, seed)
    parts = training_set.folds(labels, groups, seed)
    choice = head.choose(space, labels, len(pictures.classes), parts, progress)
    doubted = audit.suspicious(pictures, rows, choice.left_out)
    places = matching.places(pictures.classes, classifier.classes, loosely=True)
    if unknown := matching.unknown(pictures.classes, places):
        return doubted, [f"Labels were looked at by what {name} sees; it does not know {first_few(unknown)}."]
    said = audit.suspicious(pictures, rows, answers[:, np.array(places, "int64")])
    note = (
        f"Labels were looked at by what {name} sees and by what it says. Where it has learnt from these "
        "pictures, it says what their labels say."
    )
    return _both(doubted, said), [note]


def _both(doubted: list[dict[str, Any]], said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each picture once: first what is in both, then what heads doubt, then what the classifier says."""
    names = {one["name"] for one in doubted}, {one["name"] for one in said}
    first = [one for one in doubted if one["name"] in names[1]]
    rest = [one for one in doubted if one["name"] not in names[1]]
    return [*first, *rest, *(one for one in said if one["name"] not in names[0])][: audit.MOST_LISTED]
