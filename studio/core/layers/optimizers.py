"""Optimizers that match those of Keras, for a network with all weights in one array."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_EPSILON = np.float32(1e-7)
_MOMENTUM = np.float32(0.9)
_RHO = np.float32(0.9)  # RMSprop
_BETA_1, _BETA_2 = 0.9, 0.999  # Adam, arXiv:1412.6980

UpdateRule = Callable[[np.ndarray, np.ndarray], None]


class Optimizer:
    """Updates weights by their gradient.

    Attributes:
        rate: learning rate, which may change between steps.

    Args:
        name: "sgd", "momentum", "rmsprop" or "adam".
        size: number of weights.
        rate: learning rate.
        decay: decoupled weight decay (arXiv:1711.05101), as a share of the weights per unit of the initial
            learning rate.
    """

    def __init__(self, name: str, size: int, rate: float, decay: float = 0.0):
        self.rate, self._shrink = rate, np.float32(1 - rate * decay)
        self._steps = 0
        self._mean = np.zeros(size, "float32")  # mean of the gradients, or velocity of momentum
        self._square = np.zeros(size, "float32")
        self._step: UpdateRule = getattr(self, f"_apply_{name}")

    def step(self, weights: np.ndarray, gradient: np.ndarray) -> None:
        """Updates `weights`, `(size,) float32`, in place."""
        self._steps += 1
        if self._shrink != 1:
            weights *= self._shrink
        self._step(weights, gradient)

    def _apply_sgd(self, weights: np.ndarray, gradient: np.ndarray) -> None:
        weights -= np.float32(self.rate) * gradient

    def _apply_momentum(self, weights: np.ndarray, gradient: np.ndarray) -> None:
        self._mean *= _MOMENTUM
        self._mean -= np.float32(self.rate) * gradient
        weights += self._mean

    def _apply_rmsprop(self, weights: np.ndarray, gradient: np.ndarray) -> None:
        self._square += (1 - _RHO) * (gradient * gradient - self._square)
        weights -= np.float32(self.rate) * gradient / np.sqrt(self._square + _EPSILON)

    def _apply_adam(self, weights: np.ndarray, gradient: np.ndarray) -> None:
        self._mean += np.float32(1 - _BETA_1) * (gradient - self._mean)
        self._square += np.float32(1 - _BETA_2) * (gradient * gradient - self._square)
        rate = self.rate * np.sqrt(1 - _BETA_2**self._steps) / (1 - _BETA_1**self._steps)
        weights -= np.float32(rate) * self._mean / (np.sqrt(self._square) + _EPSILON)
