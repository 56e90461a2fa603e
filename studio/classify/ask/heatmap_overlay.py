"""Draws a map of where a classifier looks: colors over the image, or light where it looks."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PIL import Image

from studio.classify.models import crop
from studio.core.imaging import heat

_GRAY = np.repeat([[0.299], [0.587], [0.114]], 3, axis=1)  # how bright each color seems
_UNSEEN = 0.4  # of the light that what lies outside the square in the middle keeps
_GAP = 0.02  # of the shorter side, between two images

View = Literal["beside", "over", "light"]


def draw(
    image: np.ndarray,
    where: np.ndarray,
    view: View,
    strength: float,
    size: tuple[int, int] = (1, 1),
    lean: float = 0.0,
) -> np.ndarray:
    """Shows a map on the image that it belongs to.

    What a classifier never saw, outside the middle, is dark.

    Args:
        image: `(H, W, 3) uint8`.
        where: `(h, w) float32 in [0, 1]`, of its middle.
        view: colors over the image, the same next to it, or light.
        strength: of the colors or the shade, in [0, 1].
        size: `(height, width)` that the classifier brings the middle to; only their ratio counts.
        lean: by how much of a step, in [0, 1), the places of the map look up and left of where they lie.

    Returns:
        `(H, W, 3) uint8`; both images next to each other, or, of wide ones, below.
    """
    warmth, seen = _spread(where, image.shape[:2], size, lean)
    if view == "light":
        shown = image * (1 - strength * (1 - warmth))
    else:
        # Over gray, for over a sunflower's own yellow a hot color is hard to see.
        share = strength * (0.5 + 0.4 * warmth)
        shown = image @ _GRAY * (1 - share) + heat.colors(warmth[..., 0]) * share
    shown = np.clip(np.where(seen, shown, image * _UNSEEN) + 0.5, 0, 255).astype("uint8")
    return _both(image, shown) if view == "beside" else shown


def _spread(
    where: np.ndarray, shape: tuple[int, int], size: tuple[int, int], lean: float
) -> tuple[np.ndarray, np.ndarray]:
    """The map in the size of an image, `(H, W, 1) float32`, and which of its pixels were seen at all."""
    part = crop.middle(shape, *size)
    rows, columns = (one.stop - one.start for one in part)
    height, width = where.shape
    longer = Image.fromarray(np.pad(where.astype("float32"), ((0, 1), (0, 1)), mode="edge"))
    box = (lean, lean, lean + width, lean + height)
    smooth = longer.resize((columns, rows), Image.Resampling.BICUBIC, box)
    warmth, seen = np.zeros((*shape, 1), "float32"), np.zeros((*shape, 1), bool)
    warmth[(*part, 0)] = np.clip(np.asarray(smooth), 0, 1)
    seen[part] = True
    return warmth, seen


def _both(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    height, width = one.shape[:2]
    across = width <= 1.6 * height
    gap = max(2, round(_GAP * min(height, width)))
    white = np.full((height, gap, 3) if across else (gap, width, 3), 255, "uint8")
    return np.concatenate([one, white, other], axis=1 if across else 0)
