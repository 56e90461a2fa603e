"""Both networks of a VAE as TFLite models, which run without Keras.

They compute what `studio.vae.model` defines in Keras. Written by hand, the decoder is 2.3 times as fast as
Keras' own export on two cores (faces, eight images).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from studio.core.generators.scales import coarsest_side
from studio.core.litert import layers
from studio.core.litert.graph import Graph
from studio.core.models.loading import normalization_layout, variable_path
from studio.vae.settings import TrainVaeSettings
from studio.vae.shapes import KERNEL_SIDE, NEGATIVE_SLOPE, decoder_channels, encoder_channels

_EACH = 5  # arrays of a kernel without bias and its batch normalization

Layout = Iterator[tuple[str, tuple[int, ...]]]


def encoder_layout(settings: TrainVaeSettings) -> Layout:
    """Yields the path of each encoder array in a `.weights.h5` file, and its shape."""
    inputs = settings.channels
    for n, channels in enumerate(encoder_channels(settings)):
        yield variable_path("conv2d", n, 0), (KERNEL_SIDE, KERNEL_SIDE, inputs, channels)
        yield from normalization_layout(n, channels)
        inputs = channels
    outputs = 2 * settings.latent_dim
    yield variable_path("dense", 0, 0), (coarsest_side(settings.size) ** 2 * inputs, outputs)
    yield variable_path("dense", 0, 1), (outputs,)


def class_layout(settings: TrainVaeSettings, class_count: int) -> Layout:
    """Yields the path of the embedding of the classes in a `.weights.h5` file, and its shape."""
    yield "class_embedding/vars/0", (class_count, settings.latent_dim)


def decoder_layout(settings: TrainVaeSettings) -> Layout:
    """Yields the path of each decoder array in a `.weights.h5` file, and its shape."""
    inputs = encoder_channels(settings)[-1]
    yield variable_path("dense", 0, 0), (settings.latent_dim, coarsest_side(settings.size) ** 2 * inputs)
    yield from normalization_layout(0, inputs)
    for n, channels in enumerate(decoder_channels(settings)):
        yield variable_path("conv2d_transpose", n, 0), (KERNEL_SIDE, KERNEL_SIDE, channels, inputs)
        yield from normalization_layout(n + 1, channels)
        inputs = channels
    yield variable_path("conv2d", 0, 0), (3, 3, inputs, settings.channels)
    yield variable_path("conv2d", 0, 1), (settings.channels,)


def encoder(arrays: Sequence[np.ndarray], settings: TrainVaeSettings, count: int) -> bytes:
    """Builds the encoder: images `(count, size, size, C)` in [0, 1] to their mean latents.

    Those of a model with classes are the sum of the latents and the embedding of the class.

    Args:
        arrays: of the encoder, in the order of `encoder_layout`.
    """
    graph, each = Graph(), iter(arrays)
    x = graph.add_input(count, settings.size, settings.size, settings.channels)
    for _ in encoder_channels(settings):
        kernel, *norm = islice(each, _EACH)
        kernel, bias = layers.fold_batch_norm(kernel, norm)
        x = layers.leaky_relu(graph, layers.convolution(graph, x, kernel, bias, 2, same=True), NEGATIVE_SLOPE)
    kernel, bias = each
    flat = layers.reshape(graph, x, (count, len(kernel)))
    means = slice(settings.latent_dim)  # the log variances are only used in training
    return graph.serialize(layers.dense(graph, flat, kernel[:, means], bias[means]))


def decoder(arrays: Sequence[np.ndarray], settings: TrainVaeSettings, count: int) -> bytes:
    """Builds the decoder: latents to images `(count, size, size, C)` in [0, 1].

    Args:
        arrays: of the decoder, in the order of `decoder_layout`. With classes the first kernel has further
            rows: the product of their embeddings and the kernel.
    """
    graph, each = Graph(), iter(arrays)
    side = coarsest_side(settings.size)
    kernel, *norm = islice(each, _EACH)
    start = layers.dense(graph, graph.add_input(count, len(kernel)), *layers.fold_batch_norm(kernel, norm))
    x = layers.elementwise(graph, "RELU", layers.reshape(graph, start, (count, side, side, len(norm[0]))))
    for _ in decoder_channels(settings):
        kernel, *norm = islice(each, _EACH)
        x = layers.transposed_convolution(
            graph, layers.zero_pad(graph, x, 1), *layers.fold_batch_norm(kernel, norm, axis=2)
        )
        x = layers.elementwise(graph, "RELU", x)
    kernel, bias = each
    logits = layers.to_colors(graph, layers.zero_pad(graph, x, 1), kernel, bias)
    return graph.serialize(layers.elementwise(graph, "LOGISTIC", logits))
