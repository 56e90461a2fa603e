"""Data sets drawn by code, item by item, free of any license."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from studio.core.progress import Progress
from training.drawings import avatars, images, sketches


class Kind(NamedTuple):
    """A kind of data set.

    Attributes:
        size: default side of its images in px.
        describe_item: returns shape and dtype of each array of an item, for a side in px.
        draw_item: draws the arrays of an item from the seed of the data set, a number and a side in px.
    """

    size: int
    describe_item: Callable[[int], dict[str, tuple[tuple[int, ...], str]]]
    draw_item: Callable[[int, int, int], Mapping[str, Any]]


KINDS = {
    "avatars": Kind(64, avatars.describe_item, avatars.draw_item),
    "sketches": Kind(96, sketches.describe_item, sketches.draw_item),
    "images": Kind(224, images.describe_item, images.draw_item),
}


def draw_data_set(
    kind: str, count: int, seed: int, progress: Progress | None = None, size: int = 0
) -> dict[str, np.ndarray]:
    """Draws items, each with its own seed, so that larger data sets start with the smaller ones.

    Args:
        kind: one of KINDS.
        count: number of items.
        seed: of every random draw; the same one gives the same bytes.
        progress: receives every item.
        size: side of the images in px, a multiple of four; 0 for the default of the kind.

    Returns:
        The arrays of the items, `(count, ...)`, by name; "images" are `(count, size, size, 3) uint8`.

    Raises:
        Cancelled: if the user stopped the job.
    """
    size = size or KINDS[kind].size
    shapes = KINDS[kind].describe_item(size)
    arrays = {name: np.empty((count, *shape), dtype) for name, (shape, dtype) in shapes.items()}
    progress = progress or Progress()
    for n in range(count):
        for name, array in KINDS[kind].draw_item(seed, n, size).items():
            arrays[name][n] = array
        progress.report(n + 1, count, preview=arrays["images"][n].copy)
    return arrays
