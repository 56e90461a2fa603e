"""Colors of transparent pixels: nobody sees them, but filters and networks mix them into their neighbors."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

_NEAR = 3  # px, a side of the window in which pixels are compared


def extend_colors(picture: np.ndarray) -> np.ndarray:
    """Gives transparent pixels the color of the nearest solid one, so that no edge shows where it ends.

    A pixel is solid if no neighbor is a third more opaque: so are the inner ones of a sheet of glass, and
    those of a soft shadow, but not a smoothed edge, whose colors say little.

    Args:
        picture: `(H, W, 3) uint8`, which is returned as it is, or `(H, W, 4) uint8`.

    Returns:
        Of the same shape, with the same transparency.
    """
    if picture.shape[2] == 3:
        return picture
    alpha = picture[..., 3]
    most = ndimage.maximum_filter(alpha, _NEAR)
    solid = (alpha > 0) & (alpha >= most - most // 4)
    if not solid.any():
        return picture
    rows, columns = ndimage.distance_transform_edt(~solid, return_distances=False, return_indices=True)
    return np.dstack([picture[rows, columns, :3], alpha])
