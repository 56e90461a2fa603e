"""Upscales small generated images, after removing the artifacts of the generator.

Generators with upsampling layers leave a fine grid and ragged edges, which the denoising network removes like
JPEG artifacts. Upscaling alone would sharpen them.
"""

from __future__ import annotations

import numpy as np

from studio.core.models import presets
from studio.enhance import clean, enlarge
from studio.enhance.damage import Damage
from studio.enhance.settings import SCALES, SHIPPED_CLEANER

ASSUMED_QUALITY = 50  # assumed JPEG quality: 30 oversmooths skin, 70 leaves some of the grid


def upscale(image: np.ndarray, side: int) -> np.ndarray:
    """Cleans and upscales a square image with the shipped networks, as far as their scales allow.

    Args:
        image: `(s, s, 3) uint8`.
        side: of the result, in px; below twice the size, only resizes.

    Returns:
        `(side, side, 3) uint8`.
    """
    if min(SCALES) * len(image) <= side:
        image = clean.load_cleaner(presets.find(SHIPPED_CLEANER)).clean(
            image, clean.Options(Damage(quality=ASSUMED_QUALITY))
        )
    return enlarge.enlarge_to_size(image, side, side)


def weight_digests() -> dict[str, str]:
    """Returns the SHA-256 of the networks, by name, for recipes."""
    return {SHIPPED_CLEANER: presets.find(SHIPPED_CLEANER).digest, **enlarge.weight_digests()}
