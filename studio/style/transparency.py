"""Photos with transparent parts, for networks that know colors alone."""

from __future__ import annotations

import numpy as np
from PIL import Image


def split(image: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Colors for every pixel, and the alpha channel.

    What is transparent gets the colors of what is visible around it: a network that looks beyond the edge of
    a figure then sees neither black nor white there, which would show as a dark or light fringe.

    Args:
        image: `(H, W, 3) uint8`, or `(H, W, 4)` as `images.read_transparent` gives it.

    Returns:
        `(H, W, 3) uint8`, and `(H, W) uint8`, or None where the image has no alpha channel.
    """
    if image.shape[2] == 3:
        return image, None
    alpha = image[..., 3]
    weight = alpha.astype("float32")[..., None]
    near = _spread(image[..., :3] * weight, weight)
    # What is half visible keeps its own color; what is nearly invisible may hold any color.
    visible = np.minimum(weight / 64, 1)
    colors = near + visible * (image[..., :3] - near)
    return np.rint(np.clip(colors, 0, 255)).astype("uint8"), alpha


def join(image: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """An image with the alpha channel of another size, as `split` gave it.

    Args:
        image: `(h, w, 3) uint8`.
        alpha: `(H, W) uint8`, or None.

    Returns:
        `(h, w, 4) uint8`; the image itself without an alpha channel.
    """
    if alpha is None:
        return image
    height, width = image.shape[:2]
    if alpha.shape != (height, width):
        alpha = np.asarray(Image.fromarray(alpha).resize((width, height), Image.Resampling.BICUBIC))
    return np.dstack([image, alpha])


def _spread(weighted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The mean color near each pixel: of its own 2 x 2 block, else of ever larger ones (pull and push).

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
        even = ((0, height % 2), (0, width % 2), (0, 0))
        halves = [_halved(np.pad(plane, even)) for plane in (weighted, weight)]
        coarse = _spread(*halves).repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    return np.where(weight > 0, weighted / np.maximum(weight, 1e-3), coarse)


def _halved(plane: np.ndarray) -> np.ndarray:
    return plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]
