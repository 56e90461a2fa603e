"""Both networks of a VAE as TFLite files: the same codes and images, and no Keras to load.

What `studio.vae.model` says in Keras, to train with, is said here for the interpreter that draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from studio.core.generators.scales import coarsest, halvings
from studio.core.litert import layers
from studio.core.litert.graph import Graph
from studio.core.models.loading import normalization, place
from studio.vae.settings import TrainVaeSettings

SLOPE = 0.2  # of the encoder's leaky ReLUs
SIDE = 4  # of the kernels that halve and double
_EACH = 5  # arrays of a kernel without bias and its normalization

Layout = Iterator[tuple[str, tuple[int, ...]]]


def halved(settings: TrainVaeSettings) -> list[int]:
    """The channels after each halving: [w, 2w, 4w, 4w]."""
    return [settings.width * min(4, 2**n) for n in range(halvings(settings.size))]


def doubled(settings: TrainVaeSettings) -> list[int]:
    """The channels after each doubling: [4w, 2w, w, w / 2]."""
    return [*halved(settings)[-2::-1], max(8, settings.width // 2)]


def encoder_layout(settings: TrainVaeSettings) -> Layout:
    """Where Keras puts each array of the encoder in a `.weights.h5`, and its shape."""
    inputs = settings.channels
    for n, channels in enumerate(halved(settings)):
        yield place("conv2d", n, 0), (SIDE, SIDE, inputs, channels)
        yield from normalization(n, channels)
        inputs = channels
    told = 2 * settings.latent_dim
    yield place("dense", 0, 0), (coarsest(settings.size) ** 2 * inputs, told)
    yield place("dense", 0, 1), (told,)


def decoder_layout(settings: TrainVaeSettings) -> Layout:
    """The same of the decoder."""
    inputs = halved(settings)[-1]
    yield place("dense", 0, 0), (settings.latent_dim, coarsest(settings.size) ** 2 * inputs)
    yield from normalization(0, inputs)
    for n, channels in enumerate(doubled(settings)):
        yield place("conv2d_transpose", n, 0), (SIDE, SIDE, channels, inputs)
        yield from normalization(n + 1, channels)
        inputs = channels
    yield place("conv2d", 0, 0), (3, 3, inputs, settings.channels)
    yield place("conv2d", 0, 1), (settings.channels,)


def encoder(arrays: Sequence[np.ndarray], settings: TrainVaeSettings, count: int) -> bytes:
    """The file: images `(count, size, size, C)` in [0, 1] -> the means of their codes.

    Args:
        arrays: of the encoder, in the order of its layout.
    """
    graph, each = Graph(), iter(arrays)
    x = graph.input(count, settings.size, settings.size, settings.channels)
    for _ in halved(settings):
        kernel, *norm = islice(each, _EACH)
        kernel, bias = layers.folded(kernel, norm)
        x = layers.leaky(graph, layers.convolution(graph, x, kernel, bias, 2, same=True), SLOPE)
    kernel, bias = each
    flat = layers.reshaped(graph, x, (count, len(kernel)))
    means = slice(settings.latent_dim)  # the variances behind them are for learning alone
    return graph.model(layers.dense(graph, flat, kernel[:, means], bias[means]))


def decoder(arrays: Sequence[np.ndarray], settings: TrainVaeSettings, count: int) -> bytes:
    """The file: points `(count, latent_dim)` -> images `(count, size, size, C)` in [0, 1].

    Args:
        arrays: of the decoder, in the order of its layout.
    """
    graph, each = Graph(), iter(arrays)
    side = coarsest(settings.size)
    kernel, *norm = islice(each, _EACH)
    start = layers.dense(graph, graph.input(count, settings.latent_dim), *layers.folded(kernel, norm))
    x = layers.plain(graph, "RELU", layers.reshaped(graph, start, (count, side, side, len(norm[0]))))
    for _ in doubled(settings):
        kernel, *norm = islice(each, _EACH)
        x = layers.doubled(graph, layers.bordered(graph, x, 1), *layers.folded(kernel, norm, axis=2))
        x = layers.plain(graph, "RELU", x)
    kernel, bias = each
    logits = layers.to_colors(graph, layers.bordered(graph, x, 1), kernel, bias)
    return graph.model(layers.plain(graph, "LOGISTIC", logits))
