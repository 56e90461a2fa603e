"""A last filter of the generator, for flat drawings: what differs by little becomes one plane.

A generator leaves a grain of a level or two on planes. Hardly seen, it tells drawn images from
real ones: the discriminators win by it alone, and InceptionV3 takes as much notice of it as of what is drawn.

Reference:
    Tomasi and Manduchi 1998, "Bilateral filtering for gray and color images". Departs from it: a pixel is
    compared with eight around it alone, all alike, and that is done again instead of looking far. Where a
    image is large, grain is coarse, and the first passes leave pixels out between (Dammertz et al. 2010,
    "Edge-avoiding à-trous wavelet transform for fast global illumination filtering").
"""

from __future__ import annotations

import numpy as np

PASSES = 4
NEAR = 64  # a side, px, up to which grain is about a pixel wide; at twice the side it is twice as wide
AROUND = tuple((down, right) for down in range(3) for right in range(3) if (down, right) != (1, 1))


def spacings(size: int) -> list[int]:
    """How far, in pixels, those stand that a pixel is compared with, for each pass: 128 -> [2, 2, 1, 1].

    Args:
        size: a side of the images, px.
    """
    return [max(1, size // NEAR)] * (PASSES // 2) + [1] * (PASSES - PASSES // 2)


def sharpness(levels: float) -> float:
    """What squares of differences in [-1, 1] are multiplied by, for `exp` to tell how alike pixels are.

    Args:
        levels: of 255, by which neighbors may differ and still count for .6 of one that is the same.
    """
    return 127.5**2 / (2 * levels**2)


def kernels(channels: int, levels: float) -> list[np.ndarray]:
    """The kernels of the five convolutions of a pass, `(h, w, inputs, outputs) float32`, for [-1, 1].

    They give: the difference of each neighbor to the middle, in each channel; of their squares, the
    logarithm of how alike each neighbor is; that again for every channel; and sums over neighbors, of moves
    and of how alike they are. Beyond the edge lies gray, which is like few colors, so that it seldom counts.

    Args:
        channels: of the images.
        levels: see `sharpness`.
    """
    count = len(AROUND)
    differences = np.zeros((3, 3, channels, count, channels))
    for n, place in enumerate(AROUND):
        differences[place][:, n] = np.eye(channels)
        differences[1, 1, :, n] -= np.eye(channels)
    each = np.repeat(np.eye(count), channels, axis=0)
    found = (
        differences.reshape(3, 3, channels, -1),
        each[None, None] * -sharpness(levels),
        each.T[None, None],
        np.tile(np.eye(channels), (count, 1))[None, None],
        np.ones((1, 1, count, channels)),
    )
    return [np.ascontiguousarray(one, "float32") for one in found]
