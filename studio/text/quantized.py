"""The recurrent step with int8 weights, because the speed of sampling depends on reading the weights.

A step uses every weight once, so memory bandwidth limits it, and int8 weights take a quarter of that. Each
row of weights has its own scale, and the input of each layer is rounded to int8 at run time; sums, gates and
states are float32. Quantizing a language model takes milliseconds when it is loaded.

Reference:
    Jacob et al. 2018, arXiv:1712.05877. LiteRT calls it dynamic range quantization.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from studio.core.litert import layers
from studio.core.litert.graph import Graph, QuantizedRows, Tensor, quantize_rows
from studio.core.litert.network import Network as Interpreter
from studio.text.numpy_network import Layer, Network, States


@dataclass(frozen=True)
class Int8Weights:
    """The quantized weights of a network.

    Attributes:
        kernels: kernels of all layers but the first, whose projections are in the network's table.
        recurrents: recurrent kernels of all layers.
        head: kernel of the head.
    """

    kernels: list[QuantizedRows]
    recurrents: list[QuantizedRows]
    head: QuantizedRows


@lru_cache(maxsize=4)
def quantize(network: Network) -> Int8Weights:
    """Quantizes the weights of a network; caches those of the last few networks."""
    kernels = [quantize_rows(layer.kernel) for layer in network.layers[1:]]
    return Int8Weights(
        kernels, [quantize_rows(layer.recurrent) for layer in network.layers], quantize_rows(network.head)
    )


class Quantized:
    """A `Network` with int8 weights. Not thread-safe.

    Args:
        network: the network to quantize.
        batch: number of texts per step.
    """

    def __init__(self, network: Network, batch: int = 1):
        self.size, self._table = network.size, network.table
        self.states, self.forget = network.states, network.forget
        self._run = Interpreter(build_step(network, batch))

    def step(self, indices: np.ndarray, states: States) -> tuple[np.ndarray, States]:
        """Reads one character per text, `(B,) int`; returns logits of the next, `(B, size)`, and states."""
        logits, *after = self._run(self._table[indices], *states)
        return logits, after

    def run(self, indices: np.ndarray, states: States) -> tuple[np.ndarray, States]:
        """Reads `(B, T) int` characters; returns logits after each, `(B, T, size)`, and the final states.

        Takes the steps of sampling, so that a generated text gets the logits that it had.
        """
        logits = np.empty((*indices.shape, self.size), "float32")
        for t, column in enumerate(indices.T):
            logits[:, t], states = self.step(column, states)
        return logits, states


def build_step(network: Network, batch: int) -> bytes:
    """Builds a step as a TFLite file: first layer's projections and states -> logits and next states."""
    graph, weights = Graph(), quantize(network)
    projected = graph.add_input(batch, network.table.shape[1])
    states = [graph.add_input(*state.shape) for state in network.states(batch)]
    after: list[Tensor] = []
    for n, layer in enumerate(network.layers):
        if n:
            bias = layer.bias if layer.bias.ndim == 1 else layer.bias[0]
            projected = layers.dense(graph, after[-network.each], weights.kernels[n - 1], bias)
        before = states[n * network.each : (n + 1) * network.each]
        cell = _add_lstm_cell if network.each == 2 else _add_gru_cell
        after += cell(graph, layer, weights.recurrents[n], projected, *before)
    logits = layers.dense(graph, after[-network.each], weights.head, network.bias)
    return graph.serialize(logits, *after)


def _add_lstm_cell(
    graph: Graph, layer: Layer, recurrent: QuantizedRows, projected: Tensor, h: Tensor, c: Tensor
) -> list[Tensor]:
    z = layers.add(graph, layers.dense(graph, h, recurrent), projected)
    input_gate, forget, candidate, output = layers.split(graph, z, 4)
    input_gate, forget, output = (
        layers.elementwise(graph, "LOGISTIC", gate) for gate in (input_gate, forget, output)
    )
    new = layers.multiply(graph, input_gate, layers.elementwise(graph, "TANH", candidate))
    c = layers.add(graph, layers.multiply(graph, forget, c), new)
    return [layers.multiply(graph, output, layers.elementwise(graph, "TANH", c)), c]


def _add_gru_cell(
    graph: Graph, layer: Layer, recurrent: QuantizedRows, projected: Tensor, h: Tensor
) -> list[Tensor]:
    update, reset, candidate = layers.split(graph, projected, 3)
    parts = layers.split(graph, layers.dense(graph, h, recurrent, layer.bias[1]), 3)
    update = layers.elementwise(graph, "LOGISTIC", layers.add(graph, update, parts[0]))
    reset = layers.elementwise(graph, "LOGISTIC", layers.add(graph, reset, parts[1]))
    remembered = layers.multiply(graph, reset, parts[2])
    candidate = layers.elementwise(graph, "TANH", layers.add(graph, candidate, remembered))
    # update * h + (1 - update) * candidate, with one product fewer.
    moved = layers.multiply(graph, update, layers.subtract(graph, h, candidate))
    return [layers.add(graph, moved, candidate)]
