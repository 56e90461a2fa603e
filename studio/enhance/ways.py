"""Looking at an image in eight ways, turned and mirrored, and taking the mean."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def in_eight_ways(image: np.ndarray, look: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The mean of what a network says of an image in eight ways, each turned back.

    Args:
        image: `(h, w)` or `(h, w, C)`.
        look: gives what it says of an image turned so, with sides in the same proportion.

    Reference:
        Timofte et al. 2016, "Seven ways to improve example-based single image super resolution".
    """
    answers = []
    for turns in range(4):
        turned = np.rot90(image, turns)
        answers += [np.rot90(look(turned), -turns), np.rot90(look(turned[:, ::-1])[:, ::-1], -turns)]
    return np.mean(answers, axis=0, dtype="float32")
