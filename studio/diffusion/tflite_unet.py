"""The U-Net as a TFLite model, which runs without Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from studio.core.litert import layers
from studio.core.litert.graph import Graph, Tensor
from studio.diffusion import unet
from studio.diffusion.settings import TrainDiffusionSettings

Arrays = Mapping[str, Sequence[np.ndarray]]  # of each layer, by its name


def compute_condition(arrays: Arrays, times: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Computes the embedding of times and classes: `(B,)`, `(B,) int` to `(B, condition_length) float32`."""
    (kernel_0, bias_0), (kernel_1, bias_1), (table,) = (arrays[n] for n in ("time_0", "time_1", "label"))
    hidden = _silu(unet.compute_time_features(times) @ kernel_0 + bias_0)
    return _silu(hidden @ kernel_1 + bias_1 + table[labels])


def _silu(x: np.ndarray) -> np.ndarray:
    return x * (0.5 + 0.5 * np.tanh(0.5 * x))


def build(arrays: Arrays, settings: TrainDiffusionSettings, count: int) -> bytes:
    """Builds the network: rows of a noisy image and its condition to velocities `(count, size, size, C)`.

    A row has the values of the image, then those of `compute_condition`: a network that runs in batches has
    one input.

    Args:
        arrays: of `unet.list_layers`.
        settings: of the model.
        count: batch size.
    """
    graph = Graph()
    values, length = int(np.prod(settings.shape)), unet.condition_length(settings)
    rows = graph.add_input(count, values + length)
    image = layers.reshape(graph, layers.slice_columns(graph, rows, 0, values), (count, *settings.shape))
    condition = layers.slice_columns(graph, rows, values, length)
    return graph.serialize(unet.compute_velocity(_Network(graph, arrays), settings, image, condition))


class _Network:
    """The operations of LiteRT, see `unet.Network`."""

    def __init__(self, graph: Graph, arrays: Arrays):
        self._graph, self._arrays = graph, arrays

    def apply(self, name: str, x: Tensor) -> Tensor:
        kernel, bias = self._arrays[name]
        if kernel.ndim == 2:
            return layers.dense(self._graph, x, kernel, bias)
        return layers.convolution(self._graph, x, kernel, bias, same=True)

    def normalize(self, name: str, x: Tensor, modulation: Tensor | None = None) -> Tensor:
        graph, (gamma, beta) = self._graph, self._arrays[name]
        count, channels = x.shape[0], x.shape[-1]
        group = np.arange(channels) // (channels // unet.GROUPS)
        averages = (group[:, None] == group).astype("float32") * (unet.GROUPS / channels)
        mean, squared_mean = (
            layers.dense(graph, layers.spatial_mean(graph, maps), averages)
            for maps in (x, layers.multiply(graph, x, x))
        )
        variance = layers.subtract(graph, squared_mean, layers.multiply(graph, mean, mean))
        deviation = layers.add(
            graph, layers.elementwise(graph, "RELU", variance), self._constant([unet.EPSILON])
        )
        inverse = layers.elementwise(graph, "RSQRT", deviation)
        scale = layers.multiply(graph, inverse, self._constant(gamma))
        shift = layers.subtract(graph, self._constant(beta), layers.multiply(graph, mean, scale))
        if modulation is not None:
            factor, offset = layers.split(graph, modulation, 2)
            factor = layers.add(graph, factor, self._constant([1.0]))
            scale = layers.multiply(graph, scale, factor)
            shift = layers.add(graph, layers.multiply(graph, shift, factor), offset)
        scale, shift = (layers.reshape(graph, t, (count, 1, 1, channels)) for t in (scale, shift))
        return layers.add(graph, layers.multiply(graph, x, scale), shift)

    def _constant(self, values: Sequence[float] | np.ndarray) -> Tensor:
        return self._graph.add_constant(np.asarray(values, "float32"))

    def silu(self, x: Tensor) -> Tensor:
        return layers.multiply(self._graph, x, layers.elementwise(self._graph, "LOGISTIC", x))

    def add(self, x: Tensor, y: Tensor) -> Tensor:
        return layers.add(self._graph, x, y)

    def concatenate(self, x: Tensor, y: Tensor) -> Tensor:
        return layers.concatenate(self._graph, x, y)

    def halve(self, x: Tensor) -> Tensor:
        return layers.average_pool(self._graph, x, 2)

    def double(self, x: Tensor) -> Tensor:
        return layers.depth_to_space(self._graph, layers.concatenate(self._graph, *[x] * 4))
