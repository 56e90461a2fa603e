"""The network of a DCGAN that draws as a TFLite file: the same pictures, and no Keras to load.

What `studio.dcgan.model` says in Keras, to train with, is said here for the interpreter that draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from studio.core.generators.scales import coarsest, halvings
from studio.core.litert import layers
from studio.core.litert.graph import Graph, Tensor
from studio.core.models.loading import normalisation, place
from studio.dcgan.settings import TrainDcganSettings

SIDE = 4  # of the kernels that double


def widths(settings: TrainDcganSettings) -> list[int]:
    """The channels of the maps at each size, the coarsest first: [8w, 4w, 2w, w]."""
    return [settings.width * 2**n for n in reversed(range(halvings(settings.size)))]


def layout(settings: TrainDcganSettings) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Where Keras puts each array of the generator in a `.weights.h5`, and its shape, by sizes."""
    inputs = 0
    for n, channels in enumerate(widths(settings)):
        if n:
            yield place("conv2d_transpose", n - 1, 0), (SIDE, SIDE, channels, inputs)
        else:
            # Keras counts by the way left to the picture: what asks for the first gains has the longest.
            number, numbers = int(settings.modulated), coarsest(settings.size) ** 2 * channels
            yield place("dense", number, 0), (settings.latent_dim, numbers)
        yield from normalisation(n, channels)
        if settings.modulated:
            asked = n + 1 if n else 0
            yield place("dense", asked, 0), (settings.latent_dim, 2 * channels)
            yield place("dense", asked, 1), (2 * channels,)
        inputs = channels
    last = halvings(settings.size) - 1
    yield place("conv2d_transpose", last, 0), (SIDE, SIDE, settings.channels, inputs)
    yield place("conv2d_transpose", last, 1), (settings.channels,)


def written(arrays: Sequence[np.ndarray], settings: TrainDcganSettings, count: int) -> bytes:
    """The file: points `(count, latent_dim)` -> pictures `(count, size, size, C)` in [-1, 1].

    Args:
        arrays: of the generator, in the order of `layout`.
    """
    graph, each = Graph(), iter(arrays)
    z = graph.input(count, settings.latent_dim)
    x, side = z, coarsest(settings.size)
    for n, channels in enumerate(widths(settings)):
        kernel, norm = next(each), [next(each) for _ in range(4)]
        if n:
            x = layers.doubled(graph, layers.bordered(graph, x, 1), *layers.folded(kernel, norm, axis=2))
        else:
            start = layers.dense(graph, z, *layers.folded(kernel, norm))
            x = layers.reshaped(graph, start, (count, side, side, channels))
        if settings.modulated:
            x = _modulated(graph, x, z, next(each), next(each))
        else:
            x = layers.plain(graph, "RELU", x)
    kernel, bias = each
    picture = layers.doubled(graph, layers.bordered(graph, x, 1), kernel, bias)
    return graph.model(layers.plain(graph, "TANH", picture))


def _modulated(graph: Graph, x: Tensor, z: Tensor, kernel: np.ndarray, bias: np.ndarray) -> Tensor:
    """Gives each channel the gain and the offset that the numbers ask for, and cuts off."""
    count, channels = x.shape[0], x.shape[3]
    whole = bias + np.repeat(np.array([1, 0], "float32"), channels)  # gains are asked for beside 1
    asked = layers.split(graph, layers.dense(graph, z, kernel, whole), 2)
    gain, offset = (layers.reshaped(graph, one, (count, 1, 1, channels)) for one in asked)
    return layers.sum_of(graph, layers.product(graph, x, gain), offset, layers.RELU)
