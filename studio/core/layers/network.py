"""The network: some layers of plain sums, forward and backward, in NumPy.

Not in Keras, for it is to be watched while somebody turns its controls: a step of so small a network takes a
millisecond or so, and a network of another shape begins at once, where Keras would first compile it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from studio.core.layers.activations import ACTIVATIONS
from studio.core.layers.sizes import parameters


@dataclass(frozen=True)
class Layer:
    """Views into a network's one array: `kernel (inputs, outputs)` and `bias (outputs,)`."""

    kernel: np.ndarray
    bias: np.ndarray


@dataclass
class Pass:
    """What a pass forward leaves behind for the one backward.

    Attributes:
        values: what each layer was given, the first the inputs, `(N, width) float32`.
        sums: of each layer, before its activation, the last the network's answer.
        kept: of each hidden layer what dropout left, scaled; None for all.
    """

    values: list[np.ndarray]
    sums: list[np.ndarray]
    kept: list[np.ndarray | None]


class Network:
    """Fully connected layers, of which the last gives plain sums.

    Args:
        shape: how many numbers it is given, the widths of its hidden layers, and how many numbers it answers.
        activation: one of ACTIVATIONS, of the hidden layers.
    """

    def __init__(self, shape: Sequence[int], activation: str):
        self.shape = list(shape)
        self.weights = np.zeros(parameters(self.shape), "float32")
        self.layers = self.views(self.weights)
        self._activation = ACTIVATIONS[activation]

    def views(self, flat: np.ndarray) -> list[Layer]:
        """One array of all weights, or of their gradients, as layers."""
        found, at = [], 0
        for given, made in pairwise(self.shape):
            end = at + given * made
            found.append(Layer(flat[at:end].reshape(given, made), flat[end : end + made]))
            at = end + made
        return found

    def initialize(self, how: str, rng: np.random.Generator) -> None:
        """Draws the weights again; biases are 0.

        Args:
            how: "zero"; "small", a hundredth of a unit; "glorot" (2010), so that neither values nor gradients
                grow from layer to layer; "he" (arXiv:1502.01852), the same for ReLU; "large", a whole unit.
        """
        self.weights[:] = 0
        for layer in self.layers:
            given, made = layer.kernel.shape
            spread = {
                "zero": 0.0,
                "small": 0.01,
                "glorot": (2 / (given + made)) ** 0.5,
                "he": (2 / given) ** 0.5,
                "large": 1.0,
            }[how]
            layer.kernel[:] = rng.normal(size=layer.kernel.shape) * spread

    def answer(self, told: np.ndarray) -> np.ndarray:
        """`(N, inputs) float32` -> the last sums, `(N, outputs) float32`."""
        for layer in self.layers[:-1]:
            told = self._activation.value(told @ layer.kernel + layer.bias)
        return told @ self.layers[-1].kernel + self.layers[-1].bias

    def forward(self, told: np.ndarray, dropout: float = 0.0, rng: np.random.Generator | None = None) -> Pass:
        """As `answer`, with all that is needed to go back.

        Args:
            dropout: the share of each hidden layer's values that are left out, others each time.
            rng: says which.
        """
        found = Pass([told], [], [])
        for number, layer in enumerate(self.layers):
            sums = found.values[-1] @ layer.kernel
            sums += layer.bias
            found.sums.append(sums)
            if number == len(self.layers) - 1:
                break
            value = self._activation.value(sums)
            kept = None
            if dropout and rng is not None:
                kept = (rng.random(value.shape, "float32") >= dropout) / np.float32(1 - dropout)
                value = value * kept
            found.kept.append(kept)
            found.values.append(value)
        return found

    def backward(
        self, found: Pass, gradient: np.ndarray, into: Sequence[Layer], to_inputs: bool = False
    ) -> np.ndarray | None:
        """Gradients of all weights, from that of the last sums, `(N, outputs)`, back to the first layer.

        Args:
            into: where they are written, views as `views` gives them.
            to_inputs: whether the gradient of what the network was given is asked for, too.

        Returns:
            That gradient, `(N, inputs)`; None unless it was asked for.
        """
        for number in range(len(self.layers) - 1, -1, -1):
            np.matmul(found.values[number].T, gradient, out=into[number].kernel)
            np.sum(gradient, axis=0, out=into[number].bias)
            if not number and not to_inputs:
                return None
            gradient = gradient @ self.layers[number].kernel.T
            if not number:
                break
            before, kept = number - 1, found.kept[number - 1]
            value = found.values[number]
            if kept is not None:
                gradient *= kept
                value = self._activation.value(found.sums[before])  # as it was before dropout
            gradient *= self._activation.slope(found.sums[before], value)
        return gradient
