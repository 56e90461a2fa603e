"""A bilateral filter as the generator's last layer, which smooths flat areas of drawings.

A generator leaves grain of one or two levels on flat areas. It is hardly visible, but discriminators can tell
generated images by it alone, and InceptionV3 features react to it as much as to the content.

Reference:
    Tomasi and Manduchi 1998, "Bilateral filtering for gray and color images". Departs from it: a pixel is
    compared with its eight neighbors only, all of equal weight, and several passes replace a large window.
    Grain of large images is coarser, so their first passes skip pixels (Dammertz et al. 2010,
    "Edge-avoiding à-trous wavelet transform for fast global illumination filtering").
"""

from __future__ import annotations

import numpy as np

PASSES = 4
FINE_GRAIN_SIDE = 64  # px; up to this side, grain is about a pixel wide, at twice the side twice as wide
NEIGHBOR_OFFSETS = tuple((down, right) for down in range(3) for right in range(3) if (down, right) != (1, 1))


def spacings(size: int) -> list[int]:
    """Returns the distance of the neighbors in pixels for each pass: 128 -> [2, 2, 1, 1].

    Args:
        size: side of the images, px.
    """
    return [max(1, size // FINE_GRAIN_SIDE)] * (PASSES // 2) + [1] * (PASSES - PASSES // 2)


def sharpness(levels: float) -> float:
    """Returns the factor of squared differences in [-1, 1]; `exp` of minus the product is the similarity.

    Args:
        levels: standard deviation in levels of 255: a neighbor that differs by it has the weight 0.6.
    """
    return 127.5**2 / (2 * levels**2)


def make_kernels(channels: int, levels: float) -> list[np.ndarray]:
    """Returns the kernels of the five convolutions of a pass, `(h, w, inputs, outputs) float32`.

    In order, they compute the difference of each neighbor from the center, for each channel; from the squares
    of these, the log similarity of each neighbor; its copy for every channel; and the sums over neighbors of
    weighted differences and of similarities. The padding is gray, which is similar to few colors, so that it
    seldom counts.

    Args:
        channels: of the images, which are in [-1, 1].
        levels: see `sharpness`.
    """
    count = len(NEIGHBOR_OFFSETS)
    differences = np.zeros((3, 3, channels, count, channels))
    for n, offset in enumerate(NEIGHBOR_OFFSETS):
        differences[offset][:, n] = np.eye(channels)
        differences[1, 1, :, n] -= np.eye(channels)
    repeat = np.repeat(np.eye(count), channels, axis=0)
    arrays = (
        differences.reshape(3, 3, channels, -1),
        repeat[None, None] * -sharpness(levels),
        repeat.T[None, None],
        np.tile(np.eye(channels), (count, 1))[None, None],
        np.ones((1, 1, count, channels)),
    )
    return [np.ascontiguousarray(array, "float32") for array in arrays]
