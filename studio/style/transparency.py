"""Alpha channels of photos, for networks that process only colors."""

from __future__ import annotations

import numpy as np
from PIL import Image


def split_alpha(image: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Splits an image into colors and an alpha channel.

    Transparent pixels get the colors of the visible ones around them: black or white there would show as a
    dark or light fringe, because a network looks beyond the edge of a figure.

    Args:
        image: `(H, W, 3) uint8`, or `(H, W, 4)` as `image_io.read_transparent` returns it.

    Returns:
        `(H, W, 3) uint8`, and `(H, W) uint8`, or None if the image has no alpha channel.
    """
    if image.shape[2] == 3:
        return image, None
    alpha = image[..., 3]
    opacity = alpha.astype("float32")[..., None]
    nearby_colors = _diffuse_colors(image[..., :3] * opacity, opacity)
    # Half visible pixels keep their color; nearly invisible ones may hold any color.
    visibility = np.minimum(opacity / 64, 1)
    colors = nearby_colors + visibility * (image[..., :3] - nearby_colors)
    return np.rint(np.clip(colors, 0, 255)).astype("uint8"), alpha


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


def _diffuse_colors(weighted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns the mean color near each pixel: of its 2 x 2 block, else of ever larger ones (pull-push).

    Args:
        weighted: `(H, W, 3) float32`, colors times their weight.
        weight: `(H, W, 1) float32`.

    Returns:
        `(H, W, 3) float32`; white where nothing is visible at all.

    Reference:
        Gortler et al. 1996, "The Lumigraph", section 3.4.
    """
    height, width = weight.shape[:2]
    if max(height, width) == 1:
        coarse = np.full_like(weighted, 255)
    else:
        padding = ((0, height % 2), (0, width % 2), (0, 0))
        sums = [_sum_blocks(np.pad(plane, padding)) for plane in (weighted, weight)]
        coarse = _diffuse_colors(*sums).repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    return np.where(weight > 0, weighted / np.maximum(weight, 1e-3), coarse)


def _sum_blocks(plane: np.ndarray) -> np.ndarray:
    return plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]
