"""The step from character to character with weights of eight bits: what writing waits for is to read them.

A step multiplies every weight once, so it takes as long as memory takes to bring them: of int8 a quarter.
Each row of weights has a scale of its own, each layer's input is rounded to eight bits as it comes; sums,
gates and states are float32. A language model of any cell and size is rounded when it is opened, within
milliseconds.

Reference:
    Jacob et al. 2018, arXiv:1712.05877. LiteRT calls it dynamic range quantization.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from studio.core.litert import layers
from studio.core.litert.graph import Graph, Rows, Tensor, rows
from studio.core.litert.network import Network as Written
from studio.text.numpy_network import Layer, Network, States


@dataclass(frozen=True)
class Rounded:
    """The weights of a network, rounded.

    Attributes:
        kernels: of each layer but the first, whose inputs are in the network's table.
        recurrents: of each layer.
        head: that of the head.
    """

    kernels: list[Rows]
    recurrents: list[Rows]
    head: Rows


@lru_cache(maxsize=4)
def rounded(network: Network) -> Rounded:
    """The weights of a network, rounded; those of the last few networks are kept."""
    kernels = [rows(layer.kernel) for layer in network.layers[1:]]
    return Rounded(kernels, [rows(layer.recurrent) for layer in network.layers], rows(network.head))


class Quantized:
    """Reads and writes with weights of int8, as `Network` does with whole ones; used by one thread at a time.

    Args:
        network: whose weights are rounded.
        batch: how many texts take each step side by side.
    """

    def __init__(self, network: Network, batch: int = 1):
        self.size, self.states, self._table = network.size, network.states, network.table
        self._run = Written(written(network, batch))

    def step(self, indices: np.ndarray, states: States) -> tuple[np.ndarray, States]:
        """One character a stream: `(B,) int` -> logits of the next, `(B, size)`, and the states after it."""
        logits, *after = self._run(self._table[indices], *states)
        return logits, after

    def run(self, indices: np.ndarray, states: States) -> tuple[np.ndarray, States]:
        """A piece of text a stream: `(B, T) int` -> logits after each character, `(B, T, size)`, and states.

        By the very steps of writing, so that what was written is read as it was.
        """
        found = np.empty((*indices.shape, self.size), "float32")
        for t, column in enumerate(indices.T):
            found[:, t], states = self.step(column, states)
        return found, states


def written(network: Network, batch: int) -> bytes:
    """The step as a TFLite file: what the first layer reads, and states -> logits, and the next states."""
    graph, weights = Graph(), rounded(network)
    projected = graph.input(batch, network.table.shape[1])
    states = [graph.input(*state.shape) for state in network.states(batch)]
    after: list[Tensor] = []
    for n, layer in enumerate(network.layers):
        if n:
            bias = layer.bias if layer.bias.ndim == 1 else layer.bias[0]
            projected = layers.dense(graph, after[-network.each], weights.kernels[n - 1], bias)
        before = states[n * network.each : (n + 1) * network.each]
        cell = _lstm if network.each == 2 else _gru
        after += cell(graph, layer, weights.recurrents[n], projected, *before)
    logits = layers.dense(graph, after[-network.each], weights.head, network.bias)
    return graph.model(logits, *after)


def _lstm(
    graph: Graph, layer: Layer, recurrent: Rows, projected: Tensor, h: Tensor, c: Tensor
) -> list[Tensor]:
    z = layers.sum_of(graph, layers.dense(graph, h, recurrent), projected)
    entered, kept, candidate, shown = layers.split(graph, z, 4)
    entered, kept, shown = (layers.plain(graph, "LOGISTIC", gate) for gate in (entered, kept, shown))
    new = layers.product(graph, entered, layers.plain(graph, "TANH", candidate))
    c = layers.sum_of(graph, layers.product(graph, kept, c), new)
    return [layers.product(graph, shown, layers.plain(graph, "TANH", c)), c]


def _gru(graph: Graph, layer: Layer, recurrent: Rows, projected: Tensor, h: Tensor) -> list[Tensor]:
    update, reset, candidate = layers.split(graph, projected, 3)
    parts = layers.split(graph, layers.dense(graph, h, recurrent, layer.bias[1]), 3)
    update = layers.plain(graph, "LOGISTIC", layers.sum_of(graph, update, parts[0]))
    reset = layers.plain(graph, "LOGISTIC", layers.sum_of(graph, reset, parts[1]))
    remembered = layers.product(graph, reset, parts[2])
    candidate = layers.plain(graph, "TANH", layers.sum_of(graph, candidate, remembered))
    # update * h + (1 - update) * candidate, with one product less.
    moved = layers.product(graph, update, layers.difference(graph, h, candidate))
    return [layers.sum_of(graph, moved, candidate)]
