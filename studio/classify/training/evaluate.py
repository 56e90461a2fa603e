"""Evaluates predictions for test images; the results are plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.core.data.cache import ImageDataset
from studio.core.errors import invalid

CONFIDENCE_BINS = 10  # of confidence, for calibration
MAX_TOP_LOSSES = 50  # images with the highest loss that a result lists
_MIN_PROBABILITY = 1e-7  # keeps a loss finite; `keras.losses` clips at the same value
_SIMULATIONS = 200  # simulations of a perfectly calibrated model; they estimate its error to about 2 %


def evaluate(probabilities: np.ndarray, truth: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """Compares probabilities with the true classes.

    Args:
        probabilities: `(n, k)`, each row sums to 1.
        truth: `(n,) int`, true classes as indices into `classes`.
        classes: the `k` names.

    Returns:
        `n`; `accuracy` and its 95 % `interval` (low, high); `confusion`, the confusion matrix with one row
        for each true class; `per_class`: `name`, `count`, `recall` and `precision`, None where undefined;
        `calibration`.

    Raises:
        InvalidInput: if there are no images.
    """
    if not len(truth):
        step = "add images or choose another split"
        raise invalid("images to test on", expected="at least one", received="none", next_step=step)
    guess = probabilities.argmax(axis=1)
    is_correct = guess == truth
    confusion = np.zeros((len(classes), len(classes)), "int64")
    np.add.at(confusion, (truth, guess), 1)
    return {
        "n": len(truth),
        "accuracy": float(is_correct.mean()),
        "interval": list(wilson_interval(int(is_correct.sum()), len(truth))),
        "confusion": confusion.tolist(),
        "per_class": _compute_class_metrics(confusion, classes),
        "calibration": _measure_calibration(probabilities.max(axis=1), is_correct),
    }


def list_predictions(
    dataset: ImageDataset, rows: np.ndarray, truth: np.ndarray, probabilities: np.ndarray
) -> dict[str, list[Any]]:
    """Lists the predictions for some images of a dataset.

    Args:
        dataset: the dataset.
        rows: `(n,)`, the images.
        truth: `(n,) int`, their true classes.
        probabilities: `(n, k)`.

    Returns:
        `names`, `truth`, `guess` (the most probable class) and `confidence` (its probability).
    """
    return {
        "names": [dataset.names[row] for row in rows],
        "truth": truth.tolist(),
        "guess": probabilities.argmax(axis=1).tolist(),
        "confidence": [round(float(value), 3) for value in probabilities.max(axis=1)],
    }


def list_top_losses(
    dataset: ImageDataset,
    rows: np.ndarray,
    truth: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str],
) -> list[dict[str, Any]]:
    """Lists the images with the highest loss, which is the negative log-likelihood of their class.

    Args:
        dataset: the dataset.
        rows: `(n,)`, the images.
        truth: `(n,) int`, their true classes as indices into `classes`.
        probabilities: `(n, k)`.
        classes: the `k` names.

    Returns:
        At most `MAX_TOP_LOSSES` images, the highest loss first: `name`, `label`, `prediction` (the most
        probable class), `confidence` (its probability), `probability` (of the label) and `loss` in nats.
    """
    likelihoods = probabilities[np.arange(len(truth)), truth]
    order = np.argsort(likelihoods, kind="stable")[:MAX_TOP_LOSSES]
    return [
        {
            "name": dataset.names[rows[n]],
            "label": classes[truth[n]],
            "prediction": classes[probabilities[n].argmax()],
            "confidence": round(float(probabilities[n].max()), 4),
            "probability": round(float(likelihoods[n]), 4),
            "loss": round(float(-np.log(max(likelihoods[n], _MIN_PROBABILITY))), 4),
        }
        for n in order
    ]


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """Returns the 95 % Wilson score interval of a proportion, `hits` of `n`; valid at 0 and 1, too.

    Reference:
        Wilson 1927, Journal of the American Statistical Association 22, 209-212.
    """
    from scipy.stats import binomtest  # imported here, because it takes half a second

    interval = binomtest(hits, n).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def _compute_class_metrics(confusion: np.ndarray, classes: Sequence[str]) -> list[dict[str, Any]]:
    true_counts, predicted_counts, hits = confusion.sum(axis=1), confusion.sum(axis=0), confusion.diagonal()
    return [
        {
            "name": name,
            "count": int(true_counts[n]),
            "recall": float(hits[n] / true_counts[n]) if true_counts[n] else None,
            "precision": float(hits[n] / predicted_counts[n]) if predicted_counts[n] else None,
        }
        for n, name in enumerate(classes)
    ]


def _measure_calibration(confidence: np.ndarray, is_correct: np.ndarray) -> dict[str, Any]:
    """Compares confidence with accuracy in bins of confidence.

    Args:
        confidence: `(n,)`, the highest probability of each image.
        is_correct: `(n,) bool`.

    Returns:
        `bins`; `error`, the expected calibration error (ECE); `floor`, the mean error of a perfectly
        calibrated model with the same confidences, which is above 0 by chance alone.

    Reference:
        Guo et al. 2017, arXiv:1706.04599, section 2.
    """
    bin_indices = np.minimum((confidence * CONFIDENCE_BINS).astype(int), CONFIDENCE_BINS - 1)
    bins: list[dict[str, Any]] = []
    for n in range(CONFIDENCE_BINS):
        in_bin = bin_indices == n
        bins.append(
            {
                "from": n / CONFIDENCE_BINS,
                "to": (n + 1) / CONFIDENCE_BINS,
                "count": int(in_bin.sum()),
                "confidence": float(confidence[in_bin].mean()) if in_bin.any() else None,
                "accuracy": float(is_correct[in_bin].mean()) if in_bin.any() else None,
            }
        )
    gaps = [b["count"] * abs(b["confidence"] - b["accuracy"]) for b in bins if b["count"]]
    return {
        "bins": bins,
        "error": float(sum(gaps) / len(is_correct)),
        "floor": _simulate_calibrated_error(confidence, bin_indices),
    }


def _simulate_calibrated_error(confidence: np.ndarray, bin_indices: np.ndarray) -> float:
    """Returns the mean calibration error if each image is right with the probability of its confidence."""
    rng, errors = np.random.default_rng(0), np.empty(_SIMULATIONS)
    for n in range(_SIMULATIONS):  # one by one: all simulations at once would take too much memory
        is_correct = rng.random(len(confidence)) < confidence
        gaps = np.bincount(bin_indices, confidence - is_correct, CONFIDENCE_BINS)
        errors[n] = np.abs(gaps).sum() / len(confidence)
    return float(errors.mean())
