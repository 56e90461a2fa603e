"""The networks that enlarge and clean as TFLite files of one tile size: the same numbers, without Keras.

What `studio.enhance.network` says in Keras, to train with, is said here for the interpreter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.litert import layers
from studio.core.litert.graph import Graph, Tensor
from studio.enhance.models import channels
from studio.enhance.settings import SCALES, TrainEnhanceSettings

GREY = 0.5  # what is taken off the lightness before


def reach(settings: TrainEnhanceSettings) -> int:
    """How far, in places of its maps, what a network says of one depends on others."""
    return 2 * settings.blocks + 2


def enlarger(
    arrays: Sequence[np.ndarray], settings: TrainEnhanceSettings, scale: int, height: int, width: int
) -> bytes:
    """The file: lightness `(1, height, width, 1)` in [0, 1] -> what its bicubic enlargement lacks,
    `(1, scale * height, scale * width, 1)`.

    Args:
        arrays: of the network, in the order of `studio.enhance.models.layout`.
    """
    graph, pairs = Graph(), _pairs(arrays)
    trunk, head = pairs[: -len(SCALES)], pairs[SCALES.index(scale) - len(SCALES)]
    grey = graph.constant(np.full((1, 1, 1, 1), -GREY, "float32"))
    light = layers.sum_of(graph, graph.input(1, height, width, 1), grey)
    return graph.model(layers.spread(graph, _said(graph, light, [*trunk, head]), scale))


def cleaner(arrays: Sequence[np.ndarray], settings: TrainEnhanceSettings, height: int, width: int) -> bytes:
    """The file: what `studio.enhance.planes.shown` gives, `(1, height, width, 15)` -> what is to be unfolded
    and added to the planes, `(1, height, width, 12)`.

    Args:
        arrays: as of `enlarger`.
    """
    graph = Graph()
    shown = graph.input(1, height, width, channels(settings)[0])
    return graph.model(_said(graph, shown, _pairs(arrays)))


_Pair = tuple[np.ndarray, np.ndarray]  # a kernel and a bias


def _pairs(arrays: Sequence[np.ndarray]) -> list[_Pair]:
    return [(arrays[n], arrays[n + 1]) for n in range(0, len(arrays), 2)]


def _said(graph: Graph, shown: Tensor, pairs: Sequence[_Pair]) -> Tensor:
    """What the trunk and one head, the last of the pairs, say of maps."""
    used = iter(pairs)

    def convolved(maps: Tensor, active: int = layers.LINEAR) -> Tensor:
        kernel, bias = next(used)
        return layers.convolution(graph, maps, kernel, bias, same=True, active=active)

    first = maps = convolved(shown)
    for _ in range(len(pairs) // 2 - 1):
        maps = layers.sum_of(graph, maps, convolved(convolved(maps, layers.RELU)))
    return convolved(layers.sum_of(graph, maps, first))
