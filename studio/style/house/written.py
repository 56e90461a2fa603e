"""The network of house styles as a TFLite file of one photo size: the same paintings, and no Keras to load.

What `studio.style.house.network` says in Keras, to train with, is said here for the interpreter that paints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from studio.core.litert import layers
from studio.core.litert.graph import Graph, Tensor
from studio.core.models.loading import place
from studio.style.house.settings import TrainStyleSettings

STRIDE = 4  # px of the photo that one place of the coarsest layer stands for
LEAST_SIDE = 32  # px: reflected borders need at least as many pixels as they are wide, on every layer
PACE = 10.0  # gains and shifts learn so many times faster than what all styles share: each is seen seldom
SMALL = 1e-5  # added to a variance
_EACH = 4  # arrays of a convolution: kernel and bias, gains and shifts of all styles


def layout(settings: TrainStyleSettings, styles: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Where Keras puts each array of the network in a `.weights.h5`, and its shape, by convolutions."""
    width = settings.width
    inner = [(3, 3 * width, 3 * width)] * (2 * settings.blocks)
    into = [(9, 3, width), (3, width, 2 * width), (3, 2 * width, 3 * width)]
    out = [(3, 3 * width, 2 * width), (3, 2 * width, width), (9, width, 3)]
    for n, (side, inputs, channels) in enumerate([*into, *inner, *out]):
        yield place("conv2d", n, 0), (side, side, inputs, channels)
        yield place("conv2d", n, 1), (channels,)
        for part in range(2):
            yield place("styled_norm", n, part), (styles, channels)


def written(
    arrays: Sequence[np.ndarray], settings: TrainStyleSettings, styles: int, height: int, width: int
) -> bytes:
    """The file: a photo `(1, height, width, 3)` in [0, 1] and shares `(1, styles)` -> a painting in [0, 1].

    Args:
        arrays: of the network, in the order of `layout`.
        height, width: multiples of STRIDE, at least LEAST_SIDE.
    """
    graph = Graph()
    photo, shares = graph.input(1, height, width, 3), graph.input(1, styles)
    each = iter([arrays[n : n + _EACH] for n in range(0, len(arrays), _EACH)])
    centred = layers.sum_of(graph, layers.product(graph, photo, _number(graph, 2)), _number(graph, -1))

    def styled(maps: Tensor, gains: np.ndarray, shifts: np.ndarray, active: int = layers.RELU) -> Tensor:
        return _styled(graph, maps, shares, gains, shifts, active)

    def convolved(maps: Tensor, stride: int = 1, active: int = layers.RELU) -> Tensor:
        kernel, bias, gains, shifts = next(each)
        around = layers.mirrored(graph, maps, len(kernel) // 2)
        return styled(layers.convolution(graph, around, kernel, bias, stride), gains, shifts, active)

    maps = convolved(convolved(convolved(centred), 2), 2)
    for _ in range(settings.blocks):
        maps = layers.sum_of(graph, maps, convolved(convolved(maps), active=layers.LINEAR))
    for _ in range(2):
        kernel, bias, gains, shifts = next(each)
        maps = styled(_enlarged(graph, maps, kernel, bias), gains, shifts)
    kernel, bias, gains, shifts = next(each)
    around = layers.mirrored(graph, maps, len(kernel) // 2)
    changed = layers.sum_of(graph, layers.to_colors(graph, around, kernel, bias), centred)
    return graph.model(layers.plain(graph, "LOGISTIC", styled(changed, gains, shifts, layers.LINEAR)))


def _number(graph: Graph, value: float) -> Tensor:
    return graph.constant(np.full((1, 1, 1, 1), value, "float32"))


def _styled(
    graph: Graph, maps: Tensor, shares: Tensor, gains: np.ndarray, shifts: np.ndarray, active: int
) -> Tensor:
    """Each map normalised, then with the gain and shift of a mix of styles."""
    shape = (1, 1, 1, maps.shape[3])
    gain = layers.dense(graph, shares, PACE * gains, np.ones(shape[3], "float32"))
    gain = layers.reshaped(graph, gain, shape)
    shift = layers.reshaped(graph, layers.dense(graph, shares, PACE * shifts), shape)
    moved = layers.difference(graph, maps, layers.means(graph, maps))
    variance = layers.means(graph, layers.product(graph, moved, moved))
    steep = layers.plain(graph, "RSQRT", layers.sum_of(graph, variance, _number(graph, SMALL)))
    return layers.sum_of(
        graph, layers.product(graph, moved, layers.product(graph, gain, steep)), shift, active
    )


def _enlarged(graph: Graph, maps: Tensor, kernel: np.ndarray, bias: np.ndarray) -> Tensor:
    """What a convolution of 3 px makes of maps with both sides doubled, which are never there themselves.

    Each of the four pixels that come of one sees two by two of the small maps, by sums of the kernel: so does
    a transposed convolution of 4 px.
    """
    sums = np.zeros((4, 4, *kernel.shape[2:]), "float32")
    for down in range(2):
        for right in range(2):
            sums[down : down + 3, right : right + 3] += kernel[::-1, ::-1]
    around = layers.mirrored(graph, maps, 1, symmetric=True)
    return layers.doubled(graph, around, sums.transpose(0, 1, 3, 2), bias)
