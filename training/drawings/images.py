"""Avatars and paintings, with edges and lines that are rare in photos."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.core.imaging.paintings import list_paintings
from training.drawings import avatars, paintings

PAINTING_EVERY = 6  # every sixth image is a painting, because paintings take longer
_SEED_GAP = 1_000_000  # between the seeds of paintings of two data sets


def describe_item(size: int) -> dict[str, tuple[tuple[int, ...], str]]:
    """Returns shape and dtype of an image, `size` px wide."""
    return {"images": ((size, size, 3), "uint8")}


def draw_item(seed: int, number: int, size: int) -> dict[str, Any]:
    """Draws an image of a data set. See `training.drawings.data_sets.Kind`."""
    if number % PAINTING_EVERY:
        image, _ = avatars.draw(np.random.default_rng((1 + seed, number)), size)
    else:
        names = list(list_paintings())
        later, index = divmod(number // PAINTING_EVERY, len(names))
        image = paintings.draw(names[index], 1 + later + _SEED_GAP * seed, (size, size))
    return {"images": image}
