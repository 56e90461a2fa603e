"""Activation functions and their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

LEAK = np.float32(0.2)  # negative slope of the leaky ReLU


@dataclass(frozen=True)
class Activation:
    """An elementwise activation function.

    Attributes:
        value: `z` -> `a`, arrays of equal shape.
        derivative: `(z, a)` -> derivative da/dz, of that shape.
    """

    value: Callable[[np.ndarray], np.ndarray]
    derivative: Callable[[np.ndarray, np.ndarray], np.ndarray]


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Returns the sigmoid, computed by tanh, which cannot overflow."""
    return 0.5 * np.tanh(0.5 * z) + np.float32(0.5)


def _differentiate_swish(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    gate = sigmoid(z)
    return gate + a * (1 - gate)


# Swish: arXiv:1710.05941. Sine: arXiv:2006.09661, without its factor of 30, because the Fourier features of
# the input already have high frequencies.
ACTIVATIONS = {
    "relu": Activation(lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype("float32")),
    "leaky_relu": Activation(
        lambda z: np.maximum(z, LEAK * z), lambda z, a: np.where(z > 0, np.float32(1), LEAK)
    ),
    "swish": Activation(lambda z: z * sigmoid(z), _differentiate_swish),
    "tanh": Activation(np.tanh, lambda z, a: 1 - a * a),
    "sigmoid": Activation(sigmoid, lambda z, a: a * (1 - a)),
    "sine": Activation(np.sin, lambda z, a: np.cos(z)),
    "step": Activation(lambda z: (z > 0).astype("float32"), lambda z, a: np.zeros_like(a)),
    "none": Activation(lambda z: z, lambda z, a: np.ones_like(a)),
}
