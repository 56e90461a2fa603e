"""Fills the damaged parts of an image from their surroundings. Loads no Keras."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage import restoration
from skimage.measure import block_reduce

from studio.core.progress import Progress

MAX_SOLVED = 40_000  # px; larger areas are filled at a lower resolution, where they have fewer pixels
_CONTEXT = 4  # px around an area that its values follow from


def fill(image: np.ndarray, mask: np.ndarray, progress: Progress | None = None) -> np.ndarray:
    """Fills the masked pixels by biharmonic inpainting, area by area.

    Args:
        image: `(H, W, C) uint8 or uint16`.
        mask: `(H, W) bool`, where to fill; at least one pixel must stay.
        progress: receives every area.

    Returns:
        An image of the same shape and type, unchanged outside the mask.

    Raises:
        Cancelled: if the user stopped the job.

    Reference:
        Damelin and Hoang 2018, On Surface Completion and Image Inpainting by Biharmonic Functions.
    """
    progress = progress or Progress()
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    areas = ndimage.find_objects(labels)
    result = image.copy()
    for number, area in enumerate(areas, start=1):
        crop = tuple(
            slice(max(0, side.start - _CONTEXT), min(length, side.stop + _CONTEXT))
            for side, length in zip(area, mask.shape, strict=True)
        )
        # Other areas in the crop are filled with it, but not kept: their values are not known yet either.
        unknown, own = mask[crop], labels[crop] == number
        result[crop][own] = _solve(image[crop], unknown)[own]
        progress.report(number, len(areas))
    return result


def _solve(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Solves the biharmonic equation on the mask, at a lower resolution if the mask is large."""
    top = np.iinfo(image.dtype).max
    steps = int(np.ceil(np.sqrt(mask.sum() / MAX_SOLVED)))
    if steps > 1:
        return _solve_smaller(image, mask, steps)
    values = restoration.inpaint_biharmonic(image.astype("float64") / top, mask, channel_axis=-1)
    return np.rint(np.clip(values, 0, 1) * top).astype(image.dtype)


def _solve_smaller(image: np.ndarray, mask: np.ndarray, factor: int) -> np.ndarray:
    """Fills a copy whose sides are `factor` times smaller, and enlarges it. Means leave masked pixels out."""
    height, width = mask.shape
    intact = block_reduce(~mask, (factor, factor), np.sum)
    total = block_reduce(image.astype("float64") * ~mask[..., None], (factor, factor, 1), np.sum)
    small = total / np.maximum(intact, 1)[..., None]
    filled = _solve(np.rint(small).astype(image.dtype), intact == 0)
    channels = [
        np.asarray(
            Image.fromarray(channel.astype("float32")).resize((width, height), Image.Resampling.BICUBIC)
        )
        for channel in np.moveaxis(filled, -1, 0)
    ]
    enlarged = np.rint(np.clip(np.stack(channels, axis=-1), 0, np.iinfo(image.dtype).max))
    return enlarged.astype(image.dtype)
