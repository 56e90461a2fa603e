"""The edges of a photo, as white lines on black.

Reference:
    Canny 1986, A computational approach to edge detection.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from studio.core.imaging import image_io

PHOTO_FACTOR = 2  # factor by which the photo is larger than the edge image
_BLUR = 0.008  # blur, as a share of the side: smaller details give no edges
_WEAK_QUANTILE, _STRONG_QUANTILE = 0.6, 0.85  # quantiles of the gradients for Canny's two thresholds
_MIN_GRADIENT = 0.02  # share of white: smaller gradients are always noise


def detect(photo: np.ndarray) -> np.ndarray:
    """Detects the edges of a square photo, as `(size, size, 3) uint8`.

    Args:
        photo: `(PHOTO_FACTOR * size, PHOTO_FACTOR * size, 3) uint8`.
    """
    from scipy import ndimage
    from skimage import feature

    side = len(photo)
    levels = image_io.to_gray(photo)[..., 0].astype("float32") / 255
    sigma = max(1.0, _BLUR * side)
    gradients = ndimage.gaussian_gradient_magnitude(levels, sigma)
    # Canny uses Sobel gradients, four times as large as Gaussian ones.
    weak, strong = (
        max(_MIN_GRADIENT, 4 * float(np.quantile(gradients, share)))
        for share in (_WEAK_QUANTILE, _STRONG_QUANTILE)
    )
    edges = feature.canny(levels, sigma, weak, strong, mode="nearest")
    lines = Image.fromarray(np.where(edges, np.uint8(255), np.uint8(0))).filter(ImageFilter.MaxFilter(3))
    downscaled = np.asarray(lines.resize((side // PHOTO_FACTOR, side // PHOTO_FACTOR), Image.Resampling.BOX))
    return np.repeat(downscaled[..., None], 3, axis=2)
