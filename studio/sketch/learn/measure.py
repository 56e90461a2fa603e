"""FID and LPIPS between results and true images, and between unrelated sets as a reference."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.core.errors import Unavailable
from studio.core.progress import Progress


def measure_distances(
    images: np.ndarray, truth: np.ndarray, unrelated: np.ndarray, progress: Progress
) -> dict[str, Any]:
    """Computes FID and LPIPS of results.

    Args:
        images: results, `(n, side, side, 3) uint8`.
        truth: their targets, of the same shape.
        unrelated: unrelated images of the same shape, as a reference.

    Returns:
        "scored" (number of images), "fid", "fid_floor" (of `truth` and `unrelated`), "lpips" of results and
        targets, and "lpips_apart" of `unrelated` and targets; "notes" if a metric's network is not available.

    Raises:
        Cancelled: if the user stopped the job.
    """
    figures: dict[str, Any] = {"scored": len(images), "notes": []}
    for metric in (_measure_fid, _measure_lpips):
        try:
            figures |= metric(images, truth, unrelated, progress)
        except Unavailable as error:
            figures["notes"].append(str(error))
    return figures


def _measure_fid(
    images: np.ndarray, truth: np.ndarray, unrelated: np.ndarray, progress: Progress
) -> dict[str, float]:
    from studio.core.metrics import inception, scores

    progress.report_stage("Measuring FID")
    features = [inception.compute_features(part, progress) for part in (images, truth, unrelated)]
    return {
        "fid": float(scores.fid(features[0], features[1]).value),
        "fid_floor": float(scores.fid(features[2], features[1]).value),
    }


def _measure_lpips(
    images: np.ndarray, truth: np.ndarray, unrelated: np.ndarray, progress: Progress
) -> dict[str, float]:
    from studio.core.metrics import scores

    progress.report_stage("Measuring LPIPS")
    return {
        "lpips": scores.compute_mean_lpips(images, truth, progress),
        "lpips_apart": scores.compute_mean_lpips(unrelated, truth, progress),
    }
