"""A last filter of the network that draws, for flat drawings: what differs by little becomes one plane.

A network that draws leaves a grain of a level or two on planes. Hardly seen, it tells drawn pictures from
real ones: the judges win by it alone, and InceptionV3 takes as much notice of it as of what is drawn.

Reference:
    Tomasi and Manduchi 1998, "Bilateral filtering for gray and color images". Departs from it: a pixel is
    compared with the eight around it alone, all alike, and that is done again instead of looking far.
"""

from __future__ import annotations

import numpy as np

PASSES = 4
SIDE = 3  # of what a pixel is compared with, itself in the middle


def kernels(channels: int, levels: float) -> list[np.ndarray]:
    """The kernels of the four convolutions of a pass, `(h, w, inputs, outputs) float32`, for [-1, 1].

    They give: the difference of each neighbour to the middle, in each channel; of their squares, how alike
    each neighbour is, as a logit; the weight of each for every channel; and the sum over neighbours. Beyond
    the edge lies gray, which is like few colours, so that it seldom counts.

    Args:
        channels: of the pictures.
        levels: of 255, by which neighbours may differ and still count for .6 of one that is the same.
    """
    count = SIDE * SIDE
    others = np.eye(count).reshape(SIDE, SIDE, count)
    others[SIDE // 2, SIDE // 2] -= 1
    differences = np.einsum("yxn,cd->yxcnd", others, np.eye(channels))
    each = np.repeat(np.eye(count), channels, axis=0)
    found = (
        differences.reshape(SIDE, SIDE, channels, -1),
        each[None, None] * -(127.5**2) / (2 * levels**2),
        each.T[None, None],
        np.tile(np.eye(channels), (count, 1))[None, None],
    )
    return [np.ascontiguousarray(one, "float32") for one in found]
