"""The trained network in plain NumPy: for writing and scoring, where one character waits for the one before.

A call of Keras a character costs more than the character; here a step is one small product a layer, and no
TensorFlow needs to load before the first character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

States = list[np.ndarray]


def sigmoid(x: np.ndarray) -> np.ndarray:
    """By way of tanh, which cannot overflow and which NumPy computes many at once."""
    return 0.5 * np.tanh(0.5 * x) + 0.5


@dataclass(frozen=True)
class Layer:
    """One LSTM or GRU layer; arrays are as Keras lays them out.

    Attributes:
        kernel: `(inputs, gates * units) float32`.
        recurrent: `(units, gates * units) float32`.
        bias: `(gates * units,)`, of a GRU `(2, 3 * units)`.
    """

    kernel: np.ndarray
    recurrent: np.ndarray
    bias: np.ndarray

    def project(self, x: np.ndarray) -> np.ndarray:
        """`(..., inputs)` -> `(..., gates * units)`: what does not wait for the state."""
        return x @ self.kernel + (self.bias if self.bias.ndim == 1 else self.bias[0])

    def step(self, projected: np.ndarray, states: States) -> States:
        """`(B, gates * units)` and the layer's states -> its states one character later, the hidden first."""
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
        cell: the kind of its layers.
        tied: whether the head writes with the embedding, through a projection.
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
        self.table = self.layers[0].project(embedding)  # the first layer's inputs are only then many

    @property
    def size(self) -> int:
        """How many characters the vocabulary has."""
        return len(self.bias)

    def states(self, batch: int) -> States:
        """As before the first character: zeros, `(batch, units)` each."""
        return [
            np.zeros((batch, layer.recurrent.shape[0]), "float32")
            for layer in self.layers
            for _ in range(self.each)
        ]

    def step(self, indices: np.ndarray, states: States) -> tuple[np.ndarray, States]:
        """One character a stream: `(B,) int` -> logits of the next, `(B, size)`, and the states after it."""
        projected = self.table[indices]
        after: States = []
        for n, layer in enumerate(self.layers):
            if n:
                projected = layer.project(after[-self.each])
            after += layer.step(projected, states[n * self.each : (n + 1) * self.each])
        return after[-self.each] @ self.head + self.bias, after

    def run(self, indices: np.ndarray, states: States) -> tuple[np.ndarray, States]:
        """A piece of text a stream: `(B, T) int` -> logits after each character, `(B, T, size)`, and states.

        Layer by layer, so that all but the step from character to character is one large product.
        """
        x, after = self.table[indices.T], []
        for n, layer in enumerate(self.layers):
            projected = layer.project(x) if n else x
            state = states[n * self.each : (n + 1) * self.each]
            x = np.empty((*projected.shape[:2], layer.recurrent.shape[0]), "float32")
            for t, now in enumerate(projected):
                state = layer.step(now, state)
                x[t] = state[0]
            after += state
        return np.swapaxes(x @ self.head + self.bias, 0, 1), after
