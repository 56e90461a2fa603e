"""A fully connected network with forward and backward passes in NumPy.

It does not use Keras because the user changes settings while watching: a step of so small a network takes
about a millisecond, and a network of another shape starts immediately, while Keras would have to compile it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from studio.core.layers.activations import ACTIVATIONS
from studio.core.layers.sizes import count_parameters


@dataclass(frozen=True)
class Layer:
    """Views of the array of all weights: `kernel (inputs, outputs)` and `bias (outputs,)`."""

    kernel: np.ndarray
    bias: np.ndarray


@dataclass
class ForwardPass:
    """Values of a forward pass that the backward pass needs.

    Attributes:
        values: input of each layer, `(N, width) float32`.
        sums: output of each layer before its activation; the last one is the network's output.
        dropout_masks: scaled dropout mask of each hidden layer; None without dropout.
    """

    values: list[np.ndarray]
    sums: list[np.ndarray]
    dropout_masks: list[np.ndarray | None]


class Network:
    """Fully connected layers; the last one has no activation.

    Args:
        shape: number of inputs, widths of the hidden layers, number of outputs.
        activation: activation of the hidden layers, one of ACTIVATIONS.
    """

    def __init__(self, shape: Sequence[int], activation: str):
        self.shape = list(shape)
        self.weights = np.zeros(count_parameters(self.shape), "float32")
        self.layers = self.split_layers(self.weights)
        self._activation = ACTIVATIONS[activation]

    def split_layers(self, flat: np.ndarray) -> list[Layer]:
        """Returns views of the layers in a flat array of all weights or gradients."""
        layers, start = [], 0
        for inputs, outputs in pairwise(self.shape):
            end = start + inputs * outputs
            layers.append(Layer(flat[start:end].reshape(inputs, outputs), flat[end : end + outputs]))
            start = end + outputs
        return layers

    def initialize(self, method: str, rng: np.random.Generator) -> None:
        """Initializes the weights from a normal distribution; biases are 0.

        Args:
            method: "zero"; "small", standard deviation 0.01; "glorot" (2010), which keeps the scale of values
                and gradients from layer to layer; "he" (arXiv:1502.01852), likewise for ReLU; "large",
                standard deviation 1.
            rng: random generator.
        """
        self.weights[:] = 0
        for layer in self.layers:
            inputs, outputs = layer.kernel.shape
            deviation = {
                "zero": 0.0,
                "small": 0.01,
                "glorot": (2 / (inputs + outputs)) ** 0.5,
                "he": (2 / inputs) ** 0.5,
                "large": 1.0,
            }[method]
            layer.kernel[:] = rng.normal(size=layer.kernel.shape) * deviation

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Returns the outputs, `(N, outputs) float32`, for `(N, inputs) float32`."""
        for layer in self.layers[:-1]:
            values = self._activation.value(values @ layer.kernel + layer.bias)
        return values @ self.layers[-1].kernel + self.layers[-1].bias

    def forward(
        self, inputs: np.ndarray, dropout: float = 0.0, rng: np.random.Generator | None = None
    ) -> ForwardPass:
        """Runs a forward pass that `backward` can follow.

        Args:
            inputs: `(N, inputs) float32`.
            dropout: share of activations of each hidden layer to drop.
            rng: random generator of the dropout; None turns it off.
        """
        result = ForwardPass([inputs], [], [])
        for number, layer in enumerate(self.layers):
            sums = result.values[-1] @ layer.kernel
            sums += layer.bias
            result.sums.append(sums)
            if number == len(self.layers) - 1:
                break
            value = self._activation.value(sums)
            mask = None
            if dropout and rng is not None:
                mask = (rng.random(value.shape, "float32") >= dropout) / np.float32(1 - dropout)
                value = value * mask
            result.dropout_masks.append(mask)
            result.values.append(value)
        return result

    def backward(
        self, forward_pass: ForwardPass, gradient: np.ndarray, into: Sequence[Layer], to_inputs: bool = False
    ) -> np.ndarray | None:
        """Computes the gradients of all weights.

        Args:
            forward_pass: result of `forward`.
            gradient: gradient of the outputs, `(N, outputs)`.
            into: layers to write the gradients to, from `split_layers`.
            to_inputs: whether to compute the gradient of the inputs, too.

        Returns:
            The gradient of the inputs, `(N, inputs)`, or None.
        """
        for number in range(len(self.layers) - 1, -1, -1):
            np.matmul(forward_pass.values[number].T, gradient, out=into[number].kernel)
            np.sum(gradient, axis=0, out=into[number].bias)
            if not number and not to_inputs:
                return None
            gradient = gradient @ self.layers[number].kernel.T
            if not number:
                break
            below, mask = number - 1, forward_pass.dropout_masks[number - 1]
            value = forward_pass.values[number]
            if mask is not None:
                gradient *= mask
                value = self._activation.value(forward_pass.sums[below])  # value before dropout
            gradient *= self._activation.derivative(forward_pass.sums[below], value)
        return gradient
