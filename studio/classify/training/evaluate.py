"""Evaluates predictions for test images; the results are plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studio.classify.models import rejection
from studio.classify.training import head
from studio.core.data.cache import ImageDataset
from studio.core.errors import invalid

CONFIDENCE_BINS = 10  # of confidence, for calibration
MAX_TOP_LOSSES = 50  # images with the highest loss that a result lists
_SIMULATIONS = 200  # simulations of a perfectly calibrated model; they estimate its error to about 2%


def evaluate(probabilities: np.ndarray, truth: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """Compares probabilities with the true classes.

    Args:
        probabilities: `(n, k)`; each row sums to 1 unless `truth` is multi-hot.
        truth: `(n,) int`, true classes as indices into `classes`, or multi-hot, `(n, k) bool`.
        classes: the `k` names.

    Returns:
        `n`; `accuracy` and its 95% `interval` (low, high); `confusion`, the confusion matrix with one row
        for each true class; `per_class`: `name`, `count`, `recall` and `precision`, None where undefined;
        `calibration`. For multi-hot labels see `_evaluate_multi_label`.

    Raises:
        InvalidInput: if there are no images, or multi-hot labels are all 0.
    """
    if not len(truth):
        step = "add images or choose another split"
        raise invalid("images to test on", expected="at least one", received="none", next_step=step)
    if truth.ndim > 1 and not truth.any():
        step = "add images with labels or choose another split"
        raise invalid(
            "images to test on", expected="at least one with a label", received="none", next_step=step
        )
    if truth.ndim > 1:
        return _evaluate_multi_label(probabilities, truth, classes)
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


def list_metrics(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the metrics among the results of `evaluate`, without its tables."""
    calibration = evaluation.get("calibration")
    names = ("accuracy", "n", "interval", "mean_average_precision", "f1_macro", "f1_micro", "threshold")
    return {
        **{name: evaluation[name] for name in names if name in evaluation},
        **({f"calibration_{name}": calibration[name] for name in ("error", "floor")} if calibration else {}),
    }


def _evaluate_multi_label(
    probabilities: np.ndarray, truth: np.ndarray, classes: Sequence[str]
) -> dict[str, Any]:
    """Evaluates independent classes, each predicted from `rejection.MULTI_LABEL_THRESHOLD` on.

    Returns:
        `n` and the metrics of `measure`; `f1_macro`, the mean over the classes with images, and `f1_micro`;
        `threshold`; `per_class`: `name`, `count`, `average_precision`, `recall` and `precision`, None where
        undefined.
    """
    from sklearn.metrics import f1_score, precision_recall_fscore_support

    guess = decide(probabilities, independent=True)
    precision, recall, _, counts = precision_recall_fscore_support(truth, guess, zero_division=np.nan)
    columns = zip(classes, counts, _average_precisions(probabilities, truth), recall, precision, strict=True)
    names = ("average_precision", "recall", "precision")
    with_images = np.flatnonzero(truth.any(axis=0))
    return {
        "n": len(truth),
        **measure(probabilities, truth),
        "f1_macro": float(f1_score(truth, guess, labels=with_images, average="macro", zero_division=0)),
        "f1_micro": float(f1_score(truth, guess, average="micro", zero_division=0)),
        "threshold": rejection.MULTI_LABEL_THRESHOLD,
        "per_class": [
            {
                "name": name,
                "count": int(count),
                **{
                    key: None if np.isnan(value) else float(value)
                    for key, value in zip(names, values, strict=True)
                },
            }
            for name, count, *values in columns
        ],
    }


def decide(probabilities: np.ndarray, independent: bool) -> np.ndarray:
    """Returns the predicted class of each image, `(n,)`, or if they are independent multi-hot, `(n, k)`."""
    return probabilities >= rejection.MULTI_LABEL_THRESHOLD if independent else probabilities.argmax(axis=1)


def measure(probabilities: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Returns the metrics that are followed during training.

    Args:
        probabilities: `(n, k)`.
        truth: `(n,) int` or multi-hot, `(n, k) bool`.

    Returns:
        `accuracy`, the share of correct predictions. For multi-hot labels these are yes or no for each image
        and class, and `mean_average_precision` is the mean over the classes with images.
    """
    accuracy = float((decide(probabilities, truth.ndim > 1) == truth).mean())
    if truth.ndim == 1:
        return {"accuracy": accuracy}
    mean = float(np.nanmean(_average_precisions(probabilities, truth)))
    return {"accuracy": accuracy, "mean_average_precision": mean}


def _average_precisions(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Returns the average precision of each class, `(k,)`; NaN for a class without images."""
    from sklearn.metrics import average_precision_score

    return np.array(
        [
            average_precision_score(truth[:, n], probabilities[:, n]) if truth[:, n].any() else np.nan
            for n in range(truth.shape[1])
        ]
    )


def list_predictions(
    dataset: ImageDataset, rows: np.ndarray, truth: np.ndarray, probabilities: np.ndarray
) -> dict[str, list[Any]]:
    """Lists the predictions for some images of a dataset.

    Args:
        dataset: the dataset.
        rows: `(n,)`, the images.
        truth: `(n,) int`, their true classes, or multi-hot, `(n, k) bool`.
        probabilities: `(n, k)`.

    Returns:
        `names`, `truth`, `guess` (the predicted class) and `confidence` (the highest probability). For
        multi-hot labels, each entry of `truth` and `guess` is a list of classes.
    """
    guess = decide(probabilities, truth.ndim > 1)
    return {
        "names": [dataset.names[row] for row in rows],
        "truth": _list_classes(truth),
        "guess": _list_classes(guess),
        "confidence": [round(float(value), 3) for value in probabilities.max(axis=1)],
    }


def _list_classes(labels: np.ndarray) -> list[Any]:
    """Returns the class of each image, or a list of classes of each for multi-hot labels."""
    return labels.tolist() if labels.ndim == 1 else [np.flatnonzero(row).tolist() for row in labels]


def list_top_losses(
    dataset: ImageDataset,
    rows: np.ndarray,
    truth: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str],
) -> list[dict[str, Any]]:
    """Lists the images with the highest loss. See `head.image_losses`.

    Args:
        dataset: the dataset.
        rows: `(n,)`, the images.
        truth: `(n,) int`, their true classes as indices into `classes`, or multi-hot, `(n, k) bool`.
        probabilities: `(n, k)`.
        classes: the `k` names.

    Returns:
        At most `MAX_TOP_LOSSES` images, the highest loss first: `name`, `label`, `prediction` (the most
        probable class), `confidence` (its probability), `probability` (of the label) and `loss` in nats. For
        multi-hot labels, `label` and `prediction` are several names or “none of these”, and `confidence` and
        `probability` are missing.
    """
    losses = head.image_losses(probabilities, truth)
    order = np.argsort(-losses, kind="stable")[:MAX_TOP_LOSSES]
    if truth.ndim > 1:
        guess = decide(probabilities, independent=True)
        return [
            {
                "name": dataset.names[rows[n]],
                "label": join_labels(truth[n], classes),
                "prediction": join_labels(guess[n], classes),
                "loss": round(float(losses[n]), 4),
            }
            for n in order
        ]
    return [
        {
            "name": dataset.names[rows[n]],
            "label": classes[truth[n]],
            "prediction": classes[probabilities[n].argmax()],
            "confidence": round(float(probabilities[n].max()), 4),
            "probability": round(float(probabilities[n, truth[n]]), 4),
            "loss": round(float(losses[n]), 4),
        }
        for n in order
    ]


def join_labels(is_label: np.ndarray, classes: Sequence[str]) -> str:
    """Returns the names of an image's labels, `(k,) bool`, joined by commas, or “none of these”."""
    return ", ".join(classes[n] for n in np.flatnonzero(is_label).tolist()) or rejection.LABEL


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """Returns the 95% Wilson score interval of a proportion, `hits` of `n`; valid at 0 and 1, too.

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
