"""How near what is painted comes to true pictures: FID, and how near any two sets of them are."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.core.errors import Unavailable
from studio.core.progress import Progress


def distances(made: np.ndarray, truth: np.ndarray, others: np.ndarray, progress: Progress) -> dict[str, Any]:
    """How far pictures are from true ones, as a network sees them.

    Args:
        made: `(n, side, side, 3) uint8`.
        truth: the pictures that they should be, alike.
        others: pictures that have nothing to do with them, alike: how near any two sets are at best.

    Returns:
        "fid", "fid_floor" (truth against others) and "scored"; a note where the network is not here.

    Raises:
        Cancelled: if a person asked to stop.
    """
    from studio.core.metrics import inception, scores

    try:
        progress.stage("Comparing with true pictures")
        seen = [inception.features(pictures, progress) for pictures in (made, truth, others)]
    except Unavailable as error:
        return {"notes": [str(error)]}
    return {
        "scored": len(made),
        "fid": float(scores.fid(seen[0], seen[1]).value),
        "fid_floor": float(scores.fid(seen[2], seen[1]).value),
    }
