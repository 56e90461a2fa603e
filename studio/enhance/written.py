"""The network that enlarges as a TFLite file of one tile size and scale: the same numbers, without Keras.

What `studio.enhance.network` says in Keras, to train with, is said here for the interpreter that enlarges.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.litert import layers
from studio.core.litert.graph import Graph, Tensor
from studio.enhance.settings import SCALES, TrainEnhanceSettings

GREY = 0.5  # what is taken off the lightness before


def reach(settings: TrainEnhanceSettings) -> int:
    """How far, in px of the small picture, a pixel of the large one sees."""
    return 2 * settings.blocks + 2


def written(
    arrays: Sequence[np.ndarray], settings: TrainEnhanceSettings, scale: int, height: int, width: int
) -> bytes:
    """The file: lightness `(1, height, width, 1)` in [0, 1] -> what its bicubic enlargement lacks,
    `(1, scale * height, scale * width, 1)`.

    Args:
        arrays: of the network, in the order of `studio.enhance.models.layout`.
    """
    graph = Graph()
    pairs = [(arrays[n], arrays[n + 1]) for n in range(0, len(arrays), 2)]
    used = iter([*pairs[: -len(SCALES)], pairs[SCALES.index(scale) - len(SCALES)]])

    def convolved(maps: Tensor, active: int = layers.LINEAR) -> Tensor:
        kernel, bias = next(used)
        return layers.convolution(graph, maps, kernel, bias, same=True, active=active)

    grey = graph.constant(np.full((1, 1, 1, 1), -GREY, "float32"))
    first = maps = convolved(layers.sum_of(graph, graph.input(1, height, width, 1), grey))
    for _ in range(settings.blocks):
        maps = layers.sum_of(graph, maps, convolved(convolved(maps, layers.RELU)))
    maps = convolved(layers.sum_of(graph, maps, first))
    return graph.model(layers.spread(graph, maps, scale))
