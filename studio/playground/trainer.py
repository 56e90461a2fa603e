"""Trains a fully connected network step by step, on samples that all fit in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

import numpy as np

from studio.core.layers.network import Network
from studio.core.layers.optimizers import Optimizer
from studio.playground import losses
from studio.playground.settings import NetworkSettings

# Separate random streams, so that settings do not affect each other.
_WEIGHTS, _SPLIT, _BATCHES, _DROPOUT = 2, 3, 4, 5
_GRADIENT_SAMPLES = 1024  # samples whose gradient a snapshot computes


class Diverged(Exception):
    """Training diverged; the network has its last finite weights."""


@dataclass(frozen=True)
class Snapshot:
    """The state of a network.

    Attributes:
        image: its current output, `(H, W, 3) uint8`.
        training_loss, held_out_loss: loss on training and held-out samples; None without held-out samples.
        gradients: root mean square of the weights' gradient per layer, from the first.
        values: root mean square of the activations per hidden layer.
    """

    image: np.ndarray
    training_loss: float
    held_out_loss: float | None
    gradients: list[float]
    values: list[float]

    @property
    def metrics(self) -> dict[str, float]:
        """All values by name; those of layers end in the layer's number, from 1."""
        metrics = {"training": self.training_loss}
        if self.held_out_loss is not None:
            metrics["validation"] = self.held_out_loss
        metrics |= {f"gradient_{n}": size for n, size in enumerate(self.gradients, 1)}
        return metrics | {f"value_{n}": size for n, size in enumerate(self.values, 1)}


AnySnapshot = TypeVar("AnySnapshot", bound=Snapshot)


class Trainer(ABC, Generic[AnySnapshot]):
    """A network and its training.

    Args:
        features: `(N, inputs) float32`.
        targets: `(N, outputs) float32`, in [0, 1].
        settings: of the network and its training.
        loss: name of the loss, see `studio.playground.losses`.
    """

    def __init__(self, features: np.ndarray, targets: np.ndarray, settings: NetworkSettings, loss: str):
        self.features, self.targets = features, targets
        self._settings, self._loss = settings, loss
        self.train_rows, self.held_out_rows = _split_rows(
            len(features), settings.held_out, self._make_rng(_SPLIT)
        )
        self.network = Network(settings.shape, settings.activation)
        self.network.initialize(settings.initializer, self._make_rng(_WEIGHTS))
        self._flat_gradient = np.zeros_like(self.network.weights)
        self._gradients = self.network.split_layers(self._flat_gradient)
        self._last_weights = self.network.weights.copy()
        self._optimizer = Optimizer(
            settings.optimizer, self._flat_gradient.size, settings.learning_rate, settings.weight_decay
        )
        self._batches, self._dropout = self._make_rng(_BATCHES), self._make_rng(_DROPOUT)
        self.steps = 0

    def _make_rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self._settings.seed, stream])

    def step(self) -> None:
        """Trains on one batch. Raises `Diverged` if the loss is not finite."""
        rows = self.train_rows[self._batches.integers(0, len(self.train_rows), self._settings.batch)]
        with np.errstate(over="ignore", invalid="ignore"):
            loss = self._backward(rows, self._settings.dropout)
            if not np.isfinite(loss):
                self._restore_weights_and_raise()
            self._last_weights[:] = self.network.weights
            self._optimizer.step(self.network.weights, self._flat_gradient)
        self.steps += 1

    def _restore_weights_and_raise(self) -> NoReturn:
        """Restores the last finite weights and raises `Diverged`."""
        self.network.weights[:] = self._last_weights
        self.steps = max(0, self.steps - 1)
        raise Diverged

    def _backward(self, rows: np.ndarray, dropout: float = 0.0) -> float:
        """Computes the loss of some samples and stores its gradient."""
        targets = self.targets[rows]
        activations = self.network.forward(self.features[rows], dropout, self._dropout)
        outputs = losses.to_colors(self._loss, activations.sums[-1])
        slopes = losses.compute_gradient(self._loss, outputs, targets)
        self.network.backward(activations, slopes, self._gradients)
        self._values = [_root_mean_square(value) for value in activations.values[1:]]
        return losses.compute_loss(self._loss, outputs, targets)

    def take_snapshot(self) -> AnySnapshot:
        """Takes a snapshot without changing the network. Raises like `step`."""
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = self.predict(self.features)
            if not np.isfinite(outputs).all() and not np.array_equal(
                self.network.weights, self._last_weights
            ):
                self._restore_weights_and_raise()
            self._backward(self.train_rows[:: max(1, len(self.train_rows) // _GRADIENT_SAMPLES)])
            gradients = [_root_mean_square(layer.kernel) for layer in self._gradients]
            return self.describe(outputs, gradients, self._values)

    @abstractmethod
    def describe(self, outputs: np.ndarray, gradients: list[float], values: list[float]) -> AnySnapshot:
        """Returns the snapshot for the outputs of all samples, `(N, outputs)`; see `Snapshot`."""

    def compute_loss(self, outputs: np.ndarray, rows: np.ndarray) -> float | None:
        """Returns the loss of some samples, the largest float32 after divergence, None for no samples."""
        if not len(rows):
            return None
        return limit_to_finite(losses.compute_loss(self._loss, outputs[rows], self.targets[rows]))

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Returns the outputs, `(N, outputs) float32`, of `(N, inputs) float32`."""
        return losses.to_colors(self._loss, self.network.predict(features))


def _split_rows(count: int, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns the indices of training samples, at least one, and of held-out samples."""
    order = rng.permutation(count)
    held_out = min(count - 1, round(count * share))
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def _root_mean_square(values: np.ndarray) -> float:
    """Returns the root mean square, or the largest float32 if it is not finite."""
    return limit_to_finite(float(np.sqrt(np.mean(np.square(values, dtype="float64")))))


def limit_to_finite(value: float) -> float:
    """Returns the value, or the largest float32 if it is not finite."""
    return value if np.isfinite(value) else float(np.finfo("float32").max)
