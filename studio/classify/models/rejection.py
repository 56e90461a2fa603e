"""The reject option of a classifier: below a threshold of the highest probability, an image has no class.

The highest softmax probability is lower for images of other classes and for misclassified images, so a
threshold separates some of them. It is chosen on held-out images.

References:
    Hendrycks and Gimpel 2017, arXiv:1610.02136, the highest softmax probability as a score.
    Geifman and El-Yaniv 2017, arXiv:1705.08500, selective classification and coverage.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from studio.core.models.presets import Preset

KEY = "none_of_these"  # in a folder's settings.json
LABEL = "none of these"
# With few held-out images, all of which the classifier is sure of, the quantile is near 1, and images at 99%
# would be rejected.
MAX_THRESHOLD = 0.9
# From this probability on, a multi-label classifier predicts a class, as in Keras' metrics and fastai.
MULTI_LABEL_THRESHOLD = 0.5


def choose_threshold(probabilities: np.ndarray, truth: np.ndarray, coverage: float) -> dict[str, Any]:
    """Chooses the highest threshold that keeps a share of the correctly classified images.

    Args:
        probabilities: `(n, k)` of held-out images.
        truth: `(n,) int`, their classes, or multi-hot, `(n, k) bool`, for which the threshold is fixed.
        coverage: share of the correctly classified images to keep; 1 rejects nothing.

    Returns:
        `threshold`, at most `MAX_THRESHOLD`; `images`; `correct` and `wrong`, the numbers of images that were
        classified correctly and wrongly; `rejected_correct` and `rejected_wrong`, how many of them are below
        the threshold. Empty if nothing is to be rejected or no image was classified correctly. For multi-hot
        labels only `threshold`.
    """
    if truth.ndim > 1:
        return {"threshold": MULTI_LABEL_THRESHOLD}
    confidence, is_correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    if coverage >= 1 or not is_correct.any():
        return {}
    quantile = float(np.quantile(confidence[is_correct], 1 - coverage, method="lower"))
    threshold = min(quantile, MAX_THRESHOLD)
    is_rejected = confidence < threshold
    return {
        "threshold": threshold,
        "images": len(truth),
        "correct": int(is_correct.sum()),
        "wrong": int((~is_correct).sum()),
        "rejected_correct": int((is_rejected & is_correct).sum()),
        "rejected_wrong": int((is_rejected & ~is_correct).sum()),
    }


def read_threshold(preset: Preset) -> float:
    """Returns the threshold of a classifier, from 0 to 1; 0 if it has none or an invalid one."""
    record = preset.read_data().get(KEY)
    threshold = record.get("threshold") if isinstance(record, Mapping) else None
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not math.isfinite(threshold):
        return 0.0
    return float(threshold) if 0 <= threshold <= 1 else 0.0


def describe(record: Mapping[str, Any]) -> str:
    """Returns the result of `choose_threshold` as sentences."""
    if "images" not in record:
        return (
            f"A class is predicted if its probability is at least {record['threshold']:.0%}. An image is "
            f"“{LABEL}” if no class is."
        )
    return (
        f"An image is “{LABEL}” if its highest probability is below {record['threshold']:.1%}. Of "
        f"{record['images']:,} held-out images, this rejects {record['rejected_correct']:,} of "
        f"{record['correct']:,} classified correctly and {record['rejected_wrong']:,} of {record['wrong']:,} "
        "classified wrongly."
    )
