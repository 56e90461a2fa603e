"""The trained network in plain NumPy, for sampling and scoring, where each character depends on the last.

A Keras call costs more than the computation of one character; here a step is one small matrix product per
layer, and TensorFlow does not load before the first character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

States = list[np.ndarray]


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Computes the sigmoid from tanh, which cannot overflow and which NumPy vectorizes."""
    return 0.5 * np.tanh(0.5 * x) + 0.5


@dataclass(frozen=True)
class Layer:
    """An LSTM or GRU layer; arrays have Keras' layout.

    Attributes:
        kernel: `(inputs, gates * units) float32`.
        recurrent: `(units, gates * units) float32`.
        bias: `(gates * units,)`; for a GRU `(2, 3 * units)`.
    """

    kernel: np.ndarray
    recurrent: np.ndarray
    bias: np.ndarray

    def project(self, x: np.ndarray) -> np.ndarray:
        """Returns the part that does not depend on the state: `(..., inputs)` -> `(..., gates * units)`."""
        return x @ self.kernel + (self.bias if self.bias.ndim == 1 else self.bias[0])

    def step(self, projected: np.ndarray, states: States) -> States:
        """Returns the states after one character, the hidden state first.

        Args:
            projected: `(B, gates * units)`, from `project`.
            states: states of the layer, each `(B, units)`.
        """
        h, units = states[0], self.recurrent.shape[0]
        z = h @ self.recurrent
        if self.bias.ndim == 1:
            z += projected
            gates = sigmoid(z[:, : 2 * units])
            c = gates[:, units:] * states[1]
            c += gates[:, :units] * np.tanh(z[:, 2 * units : 3 * units])
            return [sigmoid(z[:, 3 * units :]) * np.tanh(c), c]
        z += self.bias[1]
        gates = sigmoid(projected[:, : 2 * units] + z[:, : 2 * units])
        update, reset = gates[:, :units], gates[:, units:]
        candidate = np.tanh(projected[:, 2 * units :] + reset * z[:, 2 * units :])
        return [update * h + (1 - update) * candidate]


class Network:
    """Embedding, recurrent layers and head.

    Args:
        weights: the arrays of a `studio.text.model.CharacterModel`, in its order.
        cell: type of the recurrent layers.
        tied: whether the head shares its weights with the embedding, after a projection.
    """

    def __init__(
        self, weights: Sequence[np.ndarray], cell: Literal["lstm", "gru"] = "lstm", tied: bool = False
    ):
        arrays = [np.ascontiguousarray(array, "float32") for array in weights]
        embedding, *rest, head, bias = arrays
        self.layers = [Layer(*rest[n : n + 3]) for n in range(0, len(rest), 3)]
        self.head = np.ascontiguousarray(head @ embedding.T) if tied else head
        self.bias = bias
        self.each = 2 if cell == "lstm" else 1
        self.table = self.layers[0].project(embedding)  # projection of each character for the first layer

    @property
    def size(self) -> int:
        """Returns the number of characters in the vocabulary."""
        return len(self.bias)

    def states(self, batch: int) -> States:
        """Returns the states before the first character: zeros, `(batch, units)` each."""
        return [
            np.zeros((batch, layer.recurrent.shape[0]), "float32")
            for layer in self.layers
            for _ in range(self.each)
        ]

    def forget(self, states: States, text: int) -> None:
        """Sets the states of one of the texts to those before its first character."""
        for state in states:
            state[text] = 0

    def step(self, indices: np.ndarray, states: States) -> tuple[np.ndarray, States]:
        """Reads one character per text, `(B,) int`; returns logits of the next, `(B, size)`, and states."""
        projected = self.table[indices]
        after: States = []
        for n, layer in enumerate(self.layers):
            if n:
                projected = layer.project(after[-self.each])
            after += layer.step(projected, states[n * self.each : (n + 1) * self.each])
        return after[-self.each] @ self.head + self.bias, after

    def run(self, indices: np.ndarray, states: States) -> tuple[np.ndarray, States]:
        """Reads `(B, T) int` characters; returns logits after each, `(B, T, size)`, and the final states.

        Computes layer by layer, so that all except the recurrent steps is one large matrix product.
        """
        x, after = self.table[indices.T], []
        for n, layer in enumerate(self.layers):
            projected = layer.project(x) if n else x
            state = states[n * self.each : (n + 1) * self.each]
            x = np.empty((*projected.shape[:2], layer.recurrent.shape[0]), "float32")
            for t, projected_t in enumerate(projected):
                state = layer.step(projected_t, state)
                x[t] = state[0]
            after += state
        return np.swapaxes(x @ self.head + self.bias, 0, 1), after
