"""FID and LPIPS between results and true images, and between unrelated sets as a reference."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.core.errors import Unavailable
from studio.core.progress import Progress


def distances(
    images: np.ndarray, truth: np.ndarray, others: np.ndarray, progress: Progress
) -> dict[str, Any]:
    """Computes FID and LPIPS of results.

    Args:
        images: results, `(n, side, side, 3) uint8`.
        truth: their targets, of the same shape.
        others: unrelated images of the same shape, as a reference.

    Returns:
        "scored", "fid", "fid_floor" (truth against others), "lpips" of results and targets, and "lpips_apart"
        of others and targets; with notes if a network for a metric is not available.

    Raises:
        Cancelled: if the user stopped the job.
    """
    figures: dict[str, Any] = {"scored": len(images), "notes": []}
    for metric in (_fid, _lpips):
        try:
            figures |= metric(images, truth, others, progress)
        except Unavailable as error:
            figures["notes"].append(str(error))
    return figures


def _fid(images: np.ndarray, truth: np.ndarray, others: np.ndarray, progress: Progress) -> dict[str, float]:
    from studio.core.metrics import inception, scores

    progress.stage("Measuring FID")
    features = [inception.compute_features(part, progress) for part in (images, truth, others)]
    return {
        "fid": float(scores.fid(features[0], features[1]).value),
        "fid_floor": float(scores.fid(features[2], features[1]).value),
    }


def _lpips(images: np.ndarray, truth: np.ndarray, others: np.ndarray, progress: Progress) -> dict[str, float]:
    from studio.core.metrics import scores

    progress.stage("Measuring LPIPS")
    return {
        "lpips": scores.mean_lpips(images, truth, progress),
        "lpips_apart": scores.mean_lpips(others, truth, progress),
    }
