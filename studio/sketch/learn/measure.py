"""How near what is painted comes to true images: FID and LPIPS, and how near any two sets of them are."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.core.errors import Unavailable
from studio.core.progress import Progress


def distances(made: np.ndarray, truth: np.ndarray, others: np.ndarray, progress: Progress) -> dict[str, Any]:
    """How far images are from true ones, as a network sees them.

    Args:
        made: `(n, side, side, 3) uint8`.
        truth: the images that they should be, alike.
        others: images that have nothing to do with them, alike: how near any two sets are at best.

    Returns:
        "scored", "fid", "fid_floor" (truth against others), "lpips" of each with what it should be, and
        "lpips_apart" of each with another; a note where a network that tells them is not here.

    Raises:
        Cancelled: if a user asked to stop.
    """
    found: dict[str, Any] = {"scored": len(made), "notes": []}
    for measured in (_fid, _lpips):
        try:
            found |= measured(made, truth, others, progress)
        except Unavailable as error:
            found["notes"].append(str(error))
    return found


def _fid(made: np.ndarray, truth: np.ndarray, others: np.ndarray, progress: Progress) -> dict[str, float]:
    from studio.core.metrics import inception, scores

    progress.stage("Measuring FID")
    seen = [inception.features(images, progress) for images in (made, truth, others)]
    return {
        "fid": float(scores.fid(seen[0], seen[1]).value),
        "fid_floor": float(scores.fid(seen[2], seen[1]).value),
    }


def _lpips(made: np.ndarray, truth: np.ndarray, others: np.ndarray, progress: Progress) -> dict[str, float]:
    from studio.core.metrics import scores

    progress.stage("Measuring LPIPS")
    return {
        "lpips": scores.lpips_of_pairs(made, truth, progress),
        "lpips_apart": scores.lpips_of_pairs(others, truth, progress),
    }
