"""The network that paints as a TFLite file: the same layers, without Keras.

What `studio.outline.network` says in Keras, to train with, is said here for the interpreter that paints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from studio.core.generators.scales import halvings
from studio.core.litert import layers
from studio.core.litert.graph import Graph, Tensor
from studio.core.models.loading import place
from studio.outline import palette
from studio.outline.settings import KINDS, PainterSettings, TrainOutlineSettings

SLOPE = 0.2  # what is left of numbers below zero


def planes_of(settings: PainterSettings) -> int:
    """How many planes a network is shown: of avatars the drawing, its kind and whether it is night."""
    return 3 + len(KINDS) + 1 if isinstance(settings, TrainOutlineSettings) else 3


def layers_of(settings: PainterSettings) -> int:
    """How many layers a network gives: of avatars one for each role and the depth of shade, else a colour."""
    return palette.ROLES + 1 if isinstance(settings, TrainOutlineSettings) else 3


def sizes_of(settings: PainterSettings) -> tuple[list[int], list[int]]:
    """The channels of its maps, from the finest down to 4 px, and up again to half the picture's side."""
    width = settings.width
    down = [min(width * 2**n, 10 * width) for n in range(halvings(settings.size))]
    return down, [6 * width if n == 8 * width else n for n in reversed(down[1:-1])] + [width * 3 // 2]


def layout(settings: PainterSettings) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Where Keras puts each array of the network in a `.weights.h5`, and its shape, in its own order."""
    for n, (side, inputs, outputs) in enumerate(_convolutions(settings)):
        yield place("conv2d", n, 0), (side, side, inputs, outputs)
        yield place("conv2d", n, 1), (outputs,)


def _convolutions(settings: PainterSettings) -> Iterator[tuple[int, int, int]]:
    down, up = sizes_of(settings)
    last = planes_of(settings)
    for channels in down:
        yield 4, last, channels
        last = channels
    for n, channels in enumerate(up):
        yield 3, last, 4 * channels
        last = channels + down[-2 - n]
    yield 3, last, 2 * settings.width
    yield 1, 2 * settings.width, 4 * layers_of(settings)


def written(arrays: Sequence[np.ndarray], settings: PainterSettings) -> bytes:
    """The file: `(1, size, size, planes)` -> `(1, size, size, layers)`.

    Args:
        arrays: of the network, in the order of `layout`.
    """
    graph = Graph()
    pairs = iter([(arrays[n], arrays[n + 1]) for n in range(0, len(arrays), 2)])
    down, up = sizes_of(settings)

    def convolved(maps: Tensor, stride: int = 1) -> Tensor:
        kernel, bias = next(pairs)
        return layers.convolution(graph, maps, kernel, bias, stride, same=True)

    maps, seen = graph.input(1, settings.size, settings.size, planes_of(settings)), []
    for _ in down:
        maps = layers.leaky(graph, convolved(maps, 2), SLOPE)
        seen.append(maps)
    for n, _ in enumerate(up):
        maps = layers.leaky(graph, layers.spread(graph, convolved(maps)), SLOPE)
        maps = layers.beside(graph, [maps, seen[-2 - n]], 3)
    maps = layers.leaky(graph, convolved(maps), SLOPE)
    return graph.model(layers.spread(graph, convolved(maps)))
