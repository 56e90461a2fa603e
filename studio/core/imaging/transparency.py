"""Pixels with transparency: over white, kept, and with colors that do no harm where nobody sees them."""

from __future__ import annotations

import numpy as np
from PIL import Image

_NEAR = 3  # px, a side of the window in which pixels are compared


def pixels(image: Image.Image) -> np.ndarray:
    """An image of mode "RGB" or "RGBA" -> `(H, W, 4) uint8` if any pixel is transparent, else `(H, W, 3)`."""
    values = np.asarray(image)
    is_opaque = values.shape[2] == 4 and values[..., 3].min() == 255
    return np.ascontiguousarray(values[..., :3]) if is_opaque else values


def opaque(values: np.ndarray) -> np.ndarray:
    """`(H, W, 3 or 4) uint8` -> `(H, W, 3) uint8`, what is transparent over white."""
    if values.shape[2] == 3:
        return values
    height, width = values.shape[:2]
    white = Image.new("RGBA", (width, height), "white")
    return np.asarray(Image.alpha_composite(white, Image.fromarray(values)).convert("RGB"))


def with_alpha(values: np.ndarray) -> np.ndarray:
    """`(H, W, 3 or 4) uint8` -> `(H, W, 4) uint8`, opaque if it had no transparency."""
    return values if values.shape[2] == 4 else np.dstack([values, np.full(values.shape[:2], 255, "uint8")])


def extend_colors(image: np.ndarray) -> np.ndarray:
    """Gives transparent pixels the color of the nearest solid one.

    Filters and networks mix the colors of neighbors: other ones would leave a line along every edge. A pixel
    is solid if no neighbor is a third more opaque: so are the inner ones of a sheet of glass, and those of a
    soft shadow, but not a smoothed edge, whose colors say little.

    Args:
        image: `(H, W, 3) uint8`, which is returned as it is, or `(H, W, 4) uint8`.

    Returns:
        Of the same shape, with the same transparency.
    """
    if image.shape[2] == 3:
        return image
    from scipy import ndimage  # loads slowly, and most images have no transparency

    alpha = image[..., 3]
    most = ndimage.maximum_filter(alpha, _NEAR)
    solid = (alpha > 0) & (alpha >= most - most // 4)
    if not solid.any():
        return image
    rows, columns = ndimage.distance_transform_edt(~solid, return_distances=False, return_indices=True)
    return np.dstack([image[rows, columns, :3], alpha])
