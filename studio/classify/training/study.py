"""What learning needs, measured on the images at hand: features, held weights, images, votes, labels.

Each is answered by the linear head that classifiers have, which is trained again many times within seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from studio.classify.data import audit
from studio.classify.training import head
from studio.classify.training.evaluate import wilson
from studio.classify.training.head import Space
from studio.classify.training.training_set import TrainingSet
from studio.core.progress import Progress

STRENGTHS = tuple(float(10.0**n) for n in range(0, -8, -1))
AMOUNTS = (1, 2, 3, 5, 8, 12, 20, 40, 80, 160, 320)  # images of each class
DRAWS = 8  # of those images
VOTERS, ORDERS = 25, 40
VOTER_IMAGES = 4  # of each class, that one head of many has seen
HIDDEN = 0.1  # share of labels that are made wrong
LEAST_HIDDEN = 3


@dataclass(frozen=True)
class Seen:
    """What a head learns from, and what it is tested on.

    Attributes:
        known, tested: features, `(n, d)` and `(m, d) float32`.
        labels, truth: the classes of both.
        parts: of those learned from, the part of the cross-validation in which each is left out.
        classes: how many there are.
    """

    known: np.ndarray
    tested: np.ndarray
    labels: np.ndarray
    truth: np.ndarray
    parts: np.ndarray
    classes: int

    def right(self, space: Space, strength: float, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """`(m, k)`, what a head that learned from some rows thinks of the images tested on."""
        solved = head.solve(space.rows[rows], self.labels[rows], self.classes, strength)
        return solved.probabilities(space(self.tested))


def accuracy(seen: Seen, seed: int) -> dict[str, Any]:
    """How right a head on these features is on the images tested on, its strength chosen for them.

    Returns:
        `accuracy`, its 95 % `interval`, and how many numbers there are in an image: `width`.
    """
    space = Space(seen.known, head.RANK, seed)
    choice = head.choose(seen.known, seen.labels, seen.classes, seen.parts, seed)
    hits = seen.right(space, choice.strength).argmax(axis=1) == seen.truth
    return {
        "accuracy": float(hits.mean()),
        "interval": list(wilson(int(hits.sum()), len(hits))),
        "width": int(seen.known.shape[1]),
    }


def strengths(seen: Seen, seed: int) -> list[dict[str, float]]:
    """Nats per image, of those learned from and of those left out, by how strongly weights are held small."""
    found = []
    masks = [seen.parts == part for part in range(int(seen.parts.max()) + 1)]
    folds = [(left, *head.fold(seen.known, left, seed)) for left in masks]
    for strength in STRENGTHS:
        learned, out = [], np.empty((len(seen.labels), seen.classes), "float32")
        for left, rows, others in folds:
            solved = head.solve(rows, seen.labels[~left], seen.classes, strength)
            learned.append(head.loss(solved.probabilities(rows), seen.labels[~left]))
            out[left] = solved.probabilities(others)
        nats = head.loss(out, seen.labels)
        found.append({"strength": strength, "learned": float(np.mean(learned)), "left_out": nats})
    return found


def amounts(seen: Seen, space: Space, strength: float, seed: int) -> list[dict[str, float]]:
    """How right heads are that learned from so many images of each class, of some draws of them."""
    rng = np.random.default_rng([seed, 1])
    least = int(np.bincount(seen.labels, minlength=seen.classes).min())
    found = []
    for count in [n for n in AMOUNTS if n < least] + [least]:
        draws = 1 if count == least and _even(seen) else DRAWS
        shares = [_right(seen, space, strength, _drawn(rng, seen, count)) for _ in range(draws)]
        found.append(
            {
                "images": count,
                "accuracy": float(np.mean(shares)),
                "low": float(min(shares)),
                "high": float(max(shares)),
            }
        )
    return found


def _even(seen: Seen) -> bool:
    """Whether there are as many images of each class, so that there is one way to take all."""
    counts = np.bincount(seen.labels, minlength=seen.classes)
    return bool((counts == counts[0]).all())


def _drawn(rng: np.random.Generator, seen: Seen, count: int) -> np.ndarray:
    mine = (np.flatnonzero(seen.labels == one) for one in range(seen.classes))
    return np.concatenate([rng.permutation(rows)[:count] for rows in mine])


def _right(seen: Seen, space: Space, strength: float, rows: np.ndarray) -> float:
    as_strong = strength * len(seen.labels) / len(rows)  # next to each image
    return float((seen.right(space, as_strong, rows).argmax(axis=1) == seen.truth).mean())


def votes(seen: Seen, space: Space, strength: float, seed: int) -> dict[str, Any]:
    """How right so many heads are together, each of which saw other images, few of each class.

    Reference:
        Breiman 1996, Bagging Predictors.

    Returns:
        `each`: how many images of a class a head saw. `heads`: for each number of them the `accuracy` of
        the mean of what they think, on average over which of them those are.
    """
    rng = np.random.default_rng([seed, 2])
    each = min(VOTER_IMAGES, int(np.bincount(seen.labels, minlength=seen.classes).min()))
    said = []
    for _ in range(VOTERS):
        rows = _drawn(rng, seen, each)
        said.append(seen.right(space, strength * len(seen.labels) / len(rows), rows))
    orders = [np.cumsum(np.stack(said)[rng.permutation(VOTERS)], axis=0) for _ in range(ORDERS)]
    right = np.mean([(one.argmax(axis=2) == seen.truth).mean(axis=1) for one in orders], axis=0)
    return {
        "each": each,
        "heads": [{"heads": n + 1, "accuracy": float(share)} for n, share in enumerate(right)],
    }


def hidden(found: TrainingSet, seen: Seen, rows: np.ndarray, seed: int) -> dict[str, Any]:
    """Makes some labels wrong, and looks for them as an audit does.

    Each becomes one of the other classes with equal probability. People rather confuse classes that look
    alike, and such errors are harder to find, so the same is done with the most similar class.

    Args:
        found: the data set.
        seen: of the images of `rows`.
        rows: `(n,)`, of those learned from.
        seed: of which labels, and what they are instead.

    Returns:
        `images` and how many labels were `wrong`; `list`: for each image on the list of doubts, from the
        surest on, whether its label is one of them; `list_similar`: the same where each wrong label is the
        most similar class; `examples`: names, the true and the wrong label of some.
    """
    rng = np.random.default_rng([seed, 3])
    count = min(max(LEAST_HIDDEN, round(HIDDEN * len(rows))), len(rows) // 3)
    wrong = rng.permutation(len(rows))[:count]
    uniform = (seen.labels[wrong] + rng.integers(1, seen.classes, count)) % seen.classes
    doubted = _doubted(found, seen, rows, wrong, uniform, seed)
    alike = _doubted(found, seen, rows, wrong, _most_similar(seen)[seen.labels[wrong]], seed)
    bad = {found.dataset.names[row] for row in rows[wrong]}
    return {
        "images": len(rows),
        "wrong": count,
        "list": [one["name"] in bad for one in doubted],
        "list_similar": [one["name"] in bad for one in alike],
        "examples": [
            {"name": one["name"], "told": one["label"], "looks_like": one["looks_like"]}
            for one in doubted
            if one["name"] in bad
        ][:6],
    }


def _doubted(
    found: TrainingSet, seen: Seen, rows: np.ndarray, wrong: np.ndarray, classes: np.ndarray, seed: int
) -> list[dict[str, Any]]:
    """The labels that an audit doubts after those at `wrong` became `classes`."""
    labels = seen.labels.copy()
    labels[wrong] = classes
    choice = head.choose(seen.known, labels, seen.classes, seen.parts, seed)
    told = found.dataset.known_labels.copy()
    told[rows] = labels
    return audit.suspicious(replace(found.dataset, labels=told), rows, choice.left_out, len(rows))


def _most_similar(seen: Seen) -> np.ndarray:
    """For each class, `(k,)`, the other one whose mean features are nearest."""
    means = np.stack([seen.known[seen.labels == one].mean(axis=0) for one in range(seen.classes)])
    apart = np.linalg.norm(means[:, None] - means, axis=2)
    np.fill_diagonal(apart, np.inf)
    return apart.argmin(axis=1)


def study(
    found: TrainingSet,
    kinds: Mapping[str, np.ndarray],
    main: str,
    rows: np.ndarray,
    tested: np.ndarray,
    seed: int,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """All of it.

    Args:
        found: the data set.
        kinds: by their names, features of the images of `rows`, then of those of `tested`.
        main: the kind that all but the first question are asked of.
        rows, tested: of the images to learn from, and to test on.
        seed: of every draw.
        progress: told of each question.

    Raises:
        Cancelled: if a user asked to stop.
    """
    progress = progress or Progress()
    parts = found.parts[np.searchsorted(found.learned, rows)]
    seen = {name: _seen(found, both, rows, tested, parts) for name, both in kinds.items()}
    features = []
    for n, (name, one) in enumerate(seen.items()):
        progress.report(n, len(seen) + 4, text="Comparing features")
        features.append({"kind": name, **accuracy(one, seed)})
    own = seen[main]
    space = Space(own.known, head.RANK, seed)
    progress.report(len(seen), len(seen) + 4, text="Varying the regularization")
    held = strengths(own, seed)
    best = min(held, key=lambda one: one["left_out"])["strength"]
    progress.report(len(seen) + 1, len(seen) + 4, text="Varying the dataset size")
    fewer = amounts(own, space, best, seed)
    progress.report(len(seen) + 2, len(seen) + 4, text="Training the ensemble")
    voted = votes(own, space, best, seed)
    progress.report(len(seen) + 3, len(seen) + 4, text="Finding wrong labels")
    return {
        "classes": list(found.classes),
        "learned": len(rows),
        "tested": len(tested),
        "main": main,
        "features": features,
        "strengths": held,
        "amounts": fewer,
        "votes": voted,
        "hidden": hidden(found, own, rows, seed),
    }


def _seen(
    found: TrainingSet, both: np.ndarray, rows: np.ndarray, tested: np.ndarray, parts: np.ndarray
) -> Seen:
    known, others = both[: len(rows)], both[len(rows) :]
    return Seen(known, others, found.labels(rows), found.labels(tested), parts, len(found.classes))
