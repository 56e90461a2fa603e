"""The network of a DCGAN that draws as a TFLite file: the same images, and no Keras to load.

What `studio.dcgan.model` says in Keras, to train with, is said here for the interpreter that draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, islice

import numpy as np

from studio.core.generators.scales import coarsest, halvings
from studio.core.litert import layers
from studio.core.litert.graph import Graph, Tensor
from studio.core.models.loading import normalization, place
from studio.dcgan import bilateral
from studio.dcgan.settings import TrainDcganSettings

SIDE = 4  # of the kernels that double
REFINED = 3  # and of those of residual blocks
HUES = 128  # numbers of the layer between a point and the colors of a palette
_NORM = 4  # arrays of a normalization

Place = tuple[str, tuple[int, ...]]


def widths(settings: TrainDcganSettings) -> list[int]:
    """The channels of the maps at each size, the coarsest first: [8w, 4w, 2w, w]."""
    return [settings.width * 2**n for n in reversed(range(halvings(settings.size)))]


def layout(settings: TrainDcganSettings) -> Iterator[Place]:
    """Where Keras puts each array of the generator in a `.weights.h5`, and its shape, by sizes.

    Keras counts the layers of a kind by the way left to the image. What asks for the first gains has the
    longest way, so that it comes before the start; all others stand in the order in which they act.
    """
    norms, grown, refined, dense = count(), count(), count(), count()
    if settings.modulated:
        next(dense)
    inputs = 0
    for n, channels in enumerate(widths(settings)):
        if n:
            yield place("conv2d_transpose", next(grown), 0), (SIDE, SIDE, channels, inputs)
        else:
            numbers = coarsest(settings.size) ** 2 * channels
            yield place("dense", next(dense), 0), (settings.latent_dim, numbers)
        yield from normalization(next(norms), channels)
        if settings.modulated:
            yield from _dense(next(dense) if n else 0, settings.latent_dim, 2 * channels)
        for _ in range(settings.blocks if n else 0):
            yield place("conv2d", next(refined), 0), (REFINED, REFINED, channels, channels)
            yield from normalization(next(norms), channels)
            if settings.modulated:
                yield from _dense(next(dense), settings.latent_dim, 2 * channels)
        inputs = channels
    last, made = next(grown), settings.palette or settings.channels
    yield place("conv2d_transpose", last, 0), (SIDE, SIDE, made, inputs)
    yield place("conv2d_transpose", last, 1), (made,)
    if settings.palette:
        yield from _dense(next(dense), settings.latent_dim, HUES)
        yield from _dense(next(dense), HUES, settings.palette * settings.channels)


def _dense(n: int, inputs: int, outputs: int) -> Iterator[Place]:
    """The kernel and the bias of the n-th dense layer."""
    yield place("dense", n, 0), (inputs, outputs)
    yield place("dense", n, 1), (outputs,)


def written(arrays: Sequence[np.ndarray], settings: TrainDcganSettings, count: int) -> bytes:
    """The file: points `(count, latent_dim)` -> images `(count, size, size, C)` in [-1, 1].

    Args:
        arrays: of the generator, in the order of `layout`.
    """
    graph, each = Graph(), iter(arrays)
    z = graph.input(count, settings.latent_dim)
    x, side = z, coarsest(settings.size)
    for n, channels in enumerate(widths(settings)):
        kernel, norm = next(each), list(islice(each, _NORM))
        if n:
            x = layers.doubled(graph, layers.bordered(graph, x, 1), *layers.folded(kernel, norm, axis=2))
        else:
            start = layers.dense(graph, z, *layers.folded(kernel, norm))
            x = layers.reshaped(graph, start, (count, side, side, channels))
        x = _awake(graph, x, z, each, settings)
        for _ in range(settings.blocks if n else 0):
            kernel = next(each)
            seen = layers.convolution(graph, x, *layers.folded(kernel, list(islice(each, _NORM))), same=True)
            x = layers.sum_of(graph, x, _awake(graph, seen, z, each, settings))
    kernel, bias = islice(each, 2)
    maps = layers.doubled(graph, layers.bordered(graph, x, 1), kernel, bias)
    image = _mixed(graph, maps, z, each, settings) if settings.palette else layers.plain(graph, "TANH", maps)
    return graph.model(_evened(graph, image, settings) if settings.bilateral else image)


def _awake(
    graph: Graph, x: Tensor, z: Tensor, each: Iterator[np.ndarray], settings: TrainDcganSettings
) -> Tensor:
    """Gives each channel the gain and the offset that the numbers ask for, if they do, and cuts off."""
    if not settings.modulated:
        return layers.plain(graph, "RELU", x)
    kernel, bias = islice(each, 2)
    count, channels = x.shape[0], x.shape[3]
    whole = bias + np.repeat(np.array([1, 0], "float32"), channels)  # gains are asked for next to 1
    asked = layers.split(graph, layers.dense(graph, z, kernel, whole), 2)
    gain, offset = (layers.reshaped(graph, one, (count, 1, 1, channels)) for one in asked)
    return layers.sum_of(graph, layers.product(graph, x, gain), offset, layers.RELU)


def _mixed(
    graph: Graph, maps: Tensor, z: Tensor, each: Iterator[np.ndarray], settings: TrainDcganSettings
) -> Tensor:
    """Colors that the numbers ask for, mixed at each place by the shares that the maps give them."""
    count, side, _, colors = maps.shape
    hues = layers.plain(graph, "RELU", layers.dense(graph, z, *islice(each, 2)))
    asked = layers.plain(graph, "TANH", layers.dense(graph, hues, *islice(each, 2)))
    asked = layers.reshaped(graph, asked, (count, colors, settings.channels))
    shares = layers.softmax(graph, layers.reshaped(graph, maps, (count, side * side, colors)))
    mixed = layers.products(graph, shares, asked)
    return layers.reshaped(graph, mixed, (count, side, side, settings.channels))


def _evened(graph: Graph, image: Tensor, settings: TrainDcganSettings) -> Tensor:
    """Gives pixels the mean of those around them that are nearly of their color."""
    differ, likeness, each, sums, totals = (
        (kernel, np.zeros(kernel.shape[-1], "float32"))
        for kernel in bilateral.kernels(settings.channels, settings.bilateral)
    )
    kernel, none = totals
    for spacing in bilateral.spacings(settings.size):
        found = layers.convolution(graph, image, *differ, same=True, spacing=spacing)
        squares = layers.product(graph, found, found)
        alike = layers.plain(graph, "EXP", layers.convolution(graph, squares, *likeness))
        moves = layers.product(graph, found, layers.convolution(graph, alike, *each))
        total = layers.convolution(graph, alike, kernel, none + 1)  # and the pixel itself
        move = layers.quotient(graph, layers.convolution(graph, moves, *sums), total)
        image = layers.sum_of(graph, image, move)
    return image
