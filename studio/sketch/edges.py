"""The edges of a photo, as white lines on black.

Reference:
    Canny 1986, A computational approach to edge detection.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from studio.core.imaging import image_io

FINE = 2  # factor by which the photo is larger than the edge image
_SMOOTH = 0.008  # blur, as a share of the side: smaller details give no edges
_WEAK, _STRONG = 0.6, 0.85  # quantiles of the gradients for Canny's two thresholds
_FAINT = 0.02  # share of white: smaller gradients are always noise


def detect(photo: np.ndarray) -> np.ndarray:
    """Detects the edges of a square photo, `(FINE * size, FINE * size, 3)`, as `(size, size, 3) uint8`."""
    from scipy import ndimage
    from skimage import feature

    side = len(photo)
    levels = image_io.to_gray(photo)[..., 0].astype("float32") / 255
    sigma = max(1.0, _SMOOTH * side)
    slopes = ndimage.gaussian_gradient_magnitude(levels, sigma)
    # Canny uses Sobel gradients, four times as large as Gaussian ones.
    weak, strong = (max(_FAINT, 4 * float(np.quantile(slopes, share))) for share in (_WEAK, _STRONG))
    edges = feature.canny(levels, sigma, weak, strong, mode="nearest")
    lines = Image.fromarray(np.where(edges, np.uint8(255), np.uint8(0))).filter(ImageFilter.MaxFilter(3))
    small = np.asarray(lines.resize((side // FINE, side // FINE), Image.Resampling.BOX))
    return np.repeat(small[..., None], 3, axis=2)
