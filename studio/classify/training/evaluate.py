"""How good a classifier is on images that it has not learned from, as plain JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.core.errors import invalid

BINS = 10  # of confidence, for calibration
_DRAWS = 200  # of a perfectly calibrated model: they tell the floor of its error to a fiftieth or so
_Z95 = 1.959964  # a normal distribution lies within so many standard deviations with 95 %


def evaluate(probabilities: np.ndarray, truth: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """Compares what a classifier thinks of some images with what they are.

    Args:
        probabilities: `(n, k)`, each row of sum 1.
        truth: `(n,) int`, the true places in `classes`.
        classes: the `k` names.

    Returns:
        `n`; `accuracy` and its 95 % `interval` (low, high); `confusion`, for each true class how many were
        taken for each; `per_class`, for each its `name`, `count`, `recall` (the share of it that was found)
        and `precision` (the share of it among those taken for it), None where there are none; `calibration`.

    Raises:
        InvalidInput: if there are no images.
    """
    if not len(truth):
        step = "add images or choose another split"
        raise invalid("images to test on", expected="at least one", received="none", next_step=step)
    guess = probabilities.argmax(axis=1)
    right = guess == truth
    confusion = np.zeros((len(classes), len(classes)), "int64")
    np.add.at(confusion, (truth, guess), 1)
    return {
        "n": len(truth),
        "accuracy": float(right.mean()),
        "interval": list(wilson(int(right.sum()), len(truth))),
        "confusion": confusion.tolist(),
        "per_class": _per_class(confusion, classes),
        "calibration": _calibration(probabilities.max(axis=1), right),
    }


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Where a share lies with 95 %, of which `hits` of `n` were seen; sensible at 0 and 1, too.

    Reference:
        Wilson 1927, Journal of the American Statistical Association 22, 209-212.
    """
    share, square = hits / n, _Z95**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    reach = _Z95 / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _per_class(confusion: np.ndarray, classes: Sequence[str]) -> list[dict[str, Any]]:
    counts, taken, found = confusion.sum(axis=1), confusion.sum(axis=0), confusion.diagonal()
    return [
        {
            "name": name,
            "count": int(counts[n]),
            "recall": float(found[n] / counts[n]) if counts[n] else None,
            "precision": float(found[n] / taken[n]) if taken[n] else None,
        }
        for n, name in enumerate(classes)
    ]


def _calibration(confidence: np.ndarray, right: np.ndarray) -> dict[str, Any]:
    """Whether it is right as often as it says: of all images of about one confidence, how many are right.

    The `error` is the mean distance of the two over all images (ECE). It is above 0 by chance alone, the
    more so the fewer images there are: `floor` is what a perfectly calibrated model of the same confidences
    has on average.

    Reference:
        Guo et al. 2017, arXiv:1706.04599, section 2.
    """
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins: list[dict[str, Any]] = []
    for n in range(BINS):
        there = places == n
        bins.append(
            {
                "from": n / BINS,
                "to": (n + 1) / BINS,
                "count": int(there.sum()),
                "confidence": float(confidence[there].mean()) if there.any() else None,
                "accuracy": float(right[there].mean()) if there.any() else None,
            }
        )
    away = [b["count"] * abs(b["confidence"] - b["accuracy"]) for b in bins if b["count"]]
    return {"bins": bins, "error": float(sum(away) / len(right)), "floor": _floor(confidence, places)}


def _floor(confidence: np.ndarray, places: np.ndarray) -> float:
    """The mean error of draws in which each image is right with the probability of its confidence."""
    rng, found = np.random.default_rng(0), np.empty(_DRAWS)
    for n in range(_DRAWS):  # one at a time: of many images all at once would take much memory
        right = rng.random(len(confidence)) < confidence
        found[n] = np.abs(np.bincount(places, confidence - right, BINS)).sum() / len(confidence)
    return float(found.mean())
