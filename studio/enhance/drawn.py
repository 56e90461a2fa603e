"""Small images that a network has drawn: rid of the pattern that it leaves, then enlarged.

A generator that grows its maps leaves a fine grid and ragged edges, which are told from detail as the blocks
of JPEG are. Enlarging alone would sharpen them, too.
"""

from __future__ import annotations

import numpy as np

from studio.core.models import presets
from studio.enhance import clean, enlarge
from studio.enhance.damage import Damage
from studio.enhance.settings import CLEANER, SCALES

QUALITY = 50  # of the JPEG file that images are cleaned as: at 30 skin is smooth, at 70 some grid is left


def enlarged(image: np.ndarray, side: int) -> np.ndarray:
    """Cleans a square image and enlarges it, by the studio's own networks as far as they reach.

    Args:
        image: `(s, s, 3) uint8`.
        side: px that it shall have; one that is not twice as large is left to plain enlarging.

    Returns:
        `(side, side, 3) uint8`.
    """
    if min(SCALES) * len(image) <= side:
        image = clean.open(presets.find(CLEANER)).clean(image, clean.How(Damage(quality=QUALITY)))
    return enlarge.to_size(image, side, side)


def weights() -> dict[str, str]:
    """The digests of those networks, by name, for recipes."""
    return {CLEANER: presets.find(CLEANER).digest, **enlarge.weights()}
