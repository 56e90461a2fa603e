"""The network that colours as a TFLite file of one size: the same numbers, without Keras.

What `studio.colour.network` says in Keras, to train with, is said here for the interpreter that colours.
What both see has four channels: lightness, what a* and b* it was told, and where.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.litert import layers
from studio.core.litert.graph import Graph, Tensor

SEEN = 4  # channels
TIMES = 16  # sides of what it sees are multiples of so many px
SMALLER = 4  # times its answer is
CHANNELS = (2, 3, 5)  # times the settings' width, at a quarter, an eighth and a sixteenth of the sides
BLOCKS = (1, 1, 2)
MOST_COLOUR = 110.0  # about the largest a* or b* of sRGB


def seen(lightness: np.ndarray, told: np.ndarray, where: np.ndarray) -> np.ndarray:
    """What the network sees.

    Args:
        lightness: L* of 0 to 100, `(..., H, W)`.
        told: a* and b*, `(..., H, W, 2)`, of any value where nothing is told.
        where: they are told, `(..., H, W) bool`.

    Returns:
        `(..., H, W, 4) float32`, about -1 to 1.
    """
    known = where[..., None].astype("float32")
    colours = told / MOST_COLOUR * known
    return np.concatenate([lightness[..., None] / 50 - 1, colours, known], axis=-1).astype("float32")


def written(arrays: Sequence[np.ndarray], height: int, width: int) -> bytes:
    """The file: what is `seen`, `(1, height, width, 4)` -> logits, `(1, height / 4, width / 4, bins)`.

    Args:
        arrays: of the network, in the order of `studio.colour.models.layout`.
    """
    graph = Graph()
    prior = arrays[-1]
    pairs = iter([(arrays[n], arrays[n + 1]) for n in range(0, len(arrays) - 1, 2)])

    def convolved(maps: Tensor, stride: int = 1, active: int = layers.RELU) -> Tensor:
        kernel, bias = next(pairs)
        return layers.convolution(graph, maps, kernel, bias, stride, same=True, active=active)

    def blocks(maps: Tensor, count: int) -> Tensor:
        for _ in range(count):
            maps = layers.sum_of(graph, maps, convolved(convolved(maps), active=layers.LINEAR))
        return maps

    def doubled(maps: Tensor) -> Tensor:
        """A convolution, each of whose places becomes four alike."""
        kernel, bias = next(pairs)
        four = layers.convolution(graph, maps, np.tile(kernel, 4), np.tile(bias, 4), same=True)
        return layers.spread(graph, four)

    maps = convolved(graph.input(1, height, width, SEEN), 2)
    kept = []
    for count in BLOCKS:
        maps = blocks(convolved(maps, 2), count)
        kept.append(maps)
    whole = layers.means(graph, kept.pop())
    maps = layers.sum_of(graph, maps, convolved(whole, active=layers.LINEAR))
    for before in reversed(kept):
        maps = blocks(convolved(layers.beside(graph, [doubled(maps), before], 3)), 1)
    logits = convolved(maps, active=layers.LINEAR)
    return graph.model(layers.sum_of(graph, logits, graph.constant(prior.reshape(1, 1, 1, -1))))
