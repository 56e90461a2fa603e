"""The edges of a photo, as white lines on black.

Reference:
    Canny 1986, A computational approach to edge detection.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from studio.core.imaging import image_io

FINE = 2  # so many times larger than the drawing is the photo whose edges are looked for
_SMOOTH = 0.008  # of the side: details below it have no edges
_WEAK, _STRONG = 0.6, 0.85  # shares of all slopes below which none is taken, and above which each is
_FAINT = 0.02  # of white: slopes below it are noise, however few others there are


def of(photo: np.ndarray) -> np.ndarray:
    """The edges of a square photo: `(FINE * size, FINE * size, 3) uint8` -> `(size, size, 3) uint8`."""
    from scipy import ndimage
    from skimage import feature

    side = len(photo)
    levels = image_io.gray(photo)[..., 0].astype("float32") / 255
    sigma = max(1.0, _SMOOTH * side)
    slopes = ndimage.gaussian_gradient_magnitude(levels, sigma)
    # Canny's own slopes are of a Sobel filter, four times as steep as those of a Gaussian.
    weak, strong = (max(_FAINT, 4 * float(np.quantile(slopes, share))) for share in (_WEAK, _STRONG))
    found = feature.canny(levels, sigma, weak, strong, mode="nearest")
    lines = Image.fromarray(np.where(found, np.uint8(255), np.uint8(0))).filter(ImageFilter.MaxFilter(3))
    small = np.asarray(lines.resize((side // FINE, side // FINE), Image.Resampling.BOX))
    return np.repeat(small[..., None], 3, axis=2)
