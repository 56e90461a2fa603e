"""The Transformer with int8 weights: all of a block but its attention runs in LiteRT.

See `studio.text.quantized` on why and how weights are rounded. Attention reads the cache and no weights, so
it stays in NumPy and in float32.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from studio.core.litert import layers
from studio.core.litert.graph import Graph, QuantizedRows, Tensor, quantize_rows
from studio.core.litert.network import Network as Interpreter
from studio.text.numpy_transformer import EMPTY, EPSILON, Transformer

# Characters that `run` reads at once, at most MAX_PART. It reads the rest one by one, because each length
# needs its own graphs.
_PART = 32


@lru_cache(maxsize=4)
def quantize(network: Transformer) -> list[dict[str, QuantizedRows]]:
    """Quantizes the kernels of each block by name, then those of the head; caches those of a few networks."""
    names = ("query_key_value", "output", "expand", "contract")
    blocks = [{name: quantize_rows(getattr(block, name)) for name in names} for block in network.blocks]
    return [*blocks, {"head": quantize_rows(network.head)}]


class QuantizedTransformer(Transformer):
    """A `Transformer` with int8 weights. Not thread-safe.

    Args:
        network: the network to quantize.
    """

    def __init__(self, network: Transformer):
        self.__dict__.update(network.__dict__)
        self._network = network
        self._graphs: dict[tuple[int, int], Interpreter] = {}

    def split(self, length: int) -> Iterator[tuple[int, int]]:
        """Yields parts of two lengths only. See `Transformer.split`."""
        whole = length - length % _PART
        yield from ((start, _PART) for start in range(0, whole, _PART))
        yield from ((start, 1) for start in range(whole, length))

    def project(
        self, n: int, x: np.ndarray, rotations: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Computes queries, keys and values of block n, which is the first. See `Transformer.project`."""
        queries_keys, values = self._find_graph(n - 1, len(x))(x, *rotations)
        return queries_keys, values

    def advance(
        self, n: int, x: np.ndarray, mixed: np.ndarray, rotations: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Computes what follows the attention of block n. See `Transformer.advance`."""
        graph = self._find_graph(n, len(x))
        if n + 1 == len(self.blocks):
            (logits,) = graph(x, mixed)
            return logits, EMPTY, EMPTY
        x, queries_keys, values = graph(x, mixed, *rotations)
        return x, queries_keys, values

    def _find_graph(self, n: int, rows: int) -> Interpreter:
        """Returns the graph after the attention of block n, or before that of the first block for -1."""
        if (n, rows) not in self._graphs:
            self._graphs[n, rows] = Interpreter(build_graph(self._network, n, rows))
        return self._graphs[n, rows]


def build_graph(network: Transformer, n: int, rows: int) -> bytes:
    """Builds the graph between the attention of block n and that of the next one as a TFLite file.

    Args:
        network: the network.
        n: the block; -1 starts at the embedding.
        rows: number of characters.

    Returns:
        A file that takes the arguments of `Transformer.advance` and returns its results, or for -1 those of
        `Transformer.project`.
    """
    graph, weights = Graph(), quantize(network)
    x = graph.add_input(rows, network.units)
    if n >= 0:
        mixed = graph.add_input(rows, network.units)
        x = layers.add(graph, x, layers.dense(graph, mixed, weights[n]["output"]))
        hidden = layers.dense(graph, layers.rms_normalize(graph, x, EPSILON), weights[n]["expand"])
        hidden = layers.elementwise(graph, "RELU", hidden)
        squared = layers.multiply(graph, hidden, hidden)
        x = layers.add(graph, x, layers.dense(graph, squared, weights[n]["contract"]))
    normalized = layers.rms_normalize(graph, x, EPSILON)
    if n + 1 == len(network.blocks):
        return graph.serialize(layers.dense(graph, normalized, weights[-1]["head"]))
    heads, size = network.heads, network.units // network.heads
    cosines, sines = (graph.add_input(rows, 1, size // 2) for _ in range(2))
    queries, keys, values = layers.split(
        graph, layers.dense(graph, normalized, weights[n + 1]["query_key_value"]), 3
    )
    queries_keys = layers.reshape(graph, layers.concatenate(graph, queries, keys), (rows, 2 * heads, size))
    scales = graph.add_constant(network.blocks[n + 1].query_key_scales)
    scaled = layers.multiply(graph, layers.rms_normalize(graph, queries_keys, EPSILON), scales)
    rotated = _add_rotation(graph, scaled, cosines, sines)
    return graph.serialize(*([x] if n >= 0 else []), rotated, values)


def _add_rotation(graph: Graph, x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Adds `studio.text.numpy_transformer.rotate`."""
    first, second = layers.split(graph, x, 2)
    return layers.concatenate(
        graph,
        layers.subtract(graph, layers.multiply(graph, first, cosines), layers.multiply(graph, second, sines)),
        layers.add(graph, layers.multiply(graph, first, sines), layers.multiply(graph, second, cosines)),
    )
