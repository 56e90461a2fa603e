"""Transparency: compositing over white, colors of transparent pixels, and alpha beside a network."""

from __future__ import annotations

import numpy as np
from PIL import Image

_WINDOW_SIDE = 3  # px, side of the window in which pixels are compared


def to_pixels(image: Image.Image) -> np.ndarray:
    """Returns the pixels of an RGB or RGBA image, `(H, W, 3) uint8`, or `(H, W, 4)` if any is transparent."""
    values = np.asarray(image)
    is_opaque = values.shape[2] == 4 and values[..., 3].min() == 255
    return np.ascontiguousarray(values[..., :3]) if is_opaque else values


def composite_over_white(values: np.ndarray) -> np.ndarray:
    """Composites `(H, W, 3 or 4) uint8` over white, `(H, W, 3) uint8`."""
    if values.shape[2] == 3:
        return values
    height, width = values.shape[:2]
    white = Image.new("RGBA", (width, height), "white")
    return np.asarray(Image.alpha_composite(white, Image.fromarray(values)).convert("RGB"))


def add_alpha(values: np.ndarray) -> np.ndarray:
    """Adds an opaque alpha channel to `(H, W, 3) uint8`; returns `(H, W, 4)` unchanged."""
    return values if values.shape[2] == 4 else np.dstack([values, np.full(values.shape[:2], 255, "uint8")])


def extend_colors(image: np.ndarray) -> np.ndarray:
    """Gives transparent pixels the color of the nearest solid pixel.

    Filters and networks mix the colors of neighbors, so arbitrary colors of transparent pixels would leave a
    line along edges. A pixel is solid if no neighbor is a third more opaque. This includes the inside of
    glass and of soft shadows, but not antialiased edges, whose colors are unreliable.

    Args:
        image: `(H, W, 4) uint8`; `(H, W, 3) uint8` is returned unchanged.

    Returns:
        The image with new colors and the same alpha channel.
    """
    if image.shape[2] == 3:
        return image
    from scipy import ndimage  # slow import that opaque images do not need

    alpha = image[..., 3]
    largest_alpha = ndimage.maximum_filter(alpha, _WINDOW_SIDE)
    is_solid = (alpha > 0) & (alpha >= largest_alpha - largest_alpha // 4)
    if not is_solid.any():
        return image
    rows, columns = ndimage.distance_transform_edt(~is_solid, return_distances=False, return_indices=True)
    return np.dstack([image[rows, columns, :3], alpha])


def split_alpha(image: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Splits an image for a network that processes only colors; see `extend_colors` for hidden ones.

    Args:
        image: `(H, W, 3 or 4) uint8`.

    Returns:
        `(H, W, 3) uint8`, and `(H, W) uint8`, or None if the image has no alpha channel.
    """
    if image.shape[2] == 3:
        return image, None
    return np.ascontiguousarray(extend_colors(image)[..., :3]), image[..., 3]


def join_alpha(image: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """Adds the alpha channel from `split_alpha`, resized to the image.

    Args:
        image: `(h, w, 3) uint8`.
        alpha: `(H, W) uint8`, or None.

    Returns:
        `(h, w, 4) uint8`; the image itself if `alpha` is None.
    """
    if alpha is None:
        return image
    height, width = image.shape[:2]
    if alpha.shape != (height, width):
        alpha = np.asarray(Image.fromarray(alpha).resize((width, height), Image.Resampling.BICUBIC))
    return np.dstack([image, alpha])
